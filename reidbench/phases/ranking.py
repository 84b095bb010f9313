"""What a criterion may look at: the network's groups, and statistics over calibration images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from reidbench.channels import GroupView
from reidbench.errors import ReidbenchError
from reidbench.method import FeatureStatistic, Method
from reidbench.protocol import Protocol
from reidbench.training import Images, Network, PKSampler
from reidbench.training.augment import normalise
from reidbench.training.loop import batch_loss


class MethodError(ReidbenchError):
    """A method that broke its contract: the trial fails, the suite goes on."""


@dataclass(frozen=True)
class Ranking:
    """The :class:`reidbench.api.RankingTask` of one ranking of one network by ``method``."""

    method: str
    network: Network
    groups: Sequence[GroupView]
    calibration: Sequence[tuple[Tensor, Tensor]]
    protocol: Protocol
    generator: torch.Generator

    def mean_over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False
    ) -> Mapping[str, Tensor]:
        """Average a statistic of feature maps over the calibration images; (channels,) by group.

        The network runs in eval mode, so that its batch-norm statistics stay as they are; maps and
        gradients are float32 whatever the protocol's precision.
        """
        totals = {group.name: torch.zeros(group.size, dtype=torch.float64) for group in self.groups}
        with evaluating(self.network), torch.set_grad_enabled(gradients):
            for images, labels in self.calibration:
                for seen, slope in self._seen(images, labels, gradients):
                    values = statistic(seen.part(seen.map), slope)
                    self._check(values, seen)
                    totals[seen.group.name] += values.detach().double().sum(dim=0).cpu()
        count = sum(len(images) for images, _ in self.calibration)
        return {name: (total / count).float() for name, total in totals.items()}

    def _seen(
        self, images: Tensor, labels: Tensor, gradients: bool
    ) -> Iterator[tuple[Seen, Tensor | None]]:
        with observing(self.groups) as seen:
            loss = batch_loss(self.network, images, labels, self.protocol.training)
        if not gradients:
            yield from ((one, None) for one in seen)
            return
        slopes = torch.autograd.grad(loss, [one.map for one in seen])
        yield from ((one, one.part(slope)) for one, slope in zip(seen, slopes, strict=True))

    def _check(self, values: object, seen: Seen) -> None:
        expected = (len(seen.map), seen.group.size)
        if not isinstance(values, Tensor) or values.shape != expected:
            raise MethodError(
                f"method '{self.method}': the statistic of '{seen.group.name}' must be a tensor "
                f"{expected}, images by channels, not {described(values)}; mend what it gives to "
                "mean_over_images()"
            )


@dataclass(frozen=True, eq=False)
class Seen:
    """The output of an observed module in one forward pass, and where in it the group's map is."""

    group: GroupView
    channels: Tensor
    map: Tensor

    def part(self, tensor: Tensor) -> Tensor:
        """Return the group's channels of a tensor like ``map``, float32."""
        return tensor[:, self.channels].float()


@contextmanager
def observing(groups: Sequence[GroupView]) -> Iterator[list[Seen]]:
    """Collect every output of every observed module during the block."""
    seen: list[Seen] = []
    handles = [
        module.register_forward_hook(_keep(seen, group, channels))
        for group in groups
        for module, channels in zip(group.observed, group.observed_channels, strict=True)
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _keep(
    seen: list[Seen], group: GroupView, channels: Tensor
) -> Callable[[nn.Module, object, Tensor], Tensor]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        seen.append(Seen(group, channels, output))
        # The next layer gets a copy: an in-place ReLU would overwrite what was kept, and make
        # its gradient that of the map after the ReLU.
        return output.clone()

    return hook


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Run the block in eval mode and put every training flag back."""
    flags = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, flag in flags.items():
            module.training = flag


def calibration_batches(
    images: Images, protocol: Protocol, random: torch.Generator, device: torch.device
) -> list[tuple[Tensor, Tensor]]:
    """Return the protocol's calibration batches: PK batches without augmentation, and labels.

    They depend on the data and ``random`` alone: every method gets the same images in the same
    order. PK, because the triplet loss of a random batch would have no positives.
    """
    rules, hand = protocol.pruning.calibration, protocol.training.batch.images
    sampler = PKSampler(images.labels, rules.batch // hand, hand, random)
    return [
        (
            normalise(images.pixels[chosen], protocol.input).to(device),
            images.labels[chosen].to(device),
        )
        for chosen in islice(sampler, rules.images // rules.batch)
    ]


def checked_scores(method: Method, ranking: Ranking) -> dict[str, Tensor]:
    """Return the method's scores of every group, float64 on the CPU.

    Raises:
        MethodError: scores of the wrong shape or not finite, naming method and layer.

    """
    method.prepare(ranking)
    scores = {}
    for group in ranking.groups:
        values = method.scores(group, ranking)
        if not isinstance(values, Tensor) or values.shape != (group.size,):
            raise MethodError(
                f"method '{ranking.method}': scores of '{group.name}' must be a tensor "
                f"({group.size},), one a channel, not {described(values)}; mend its scores()"
            )
        if not torch.isfinite(values).all():
            bad = int((~torch.isfinite(values)).nonzero()[0])
            raise MethodError(
                f"method '{ranking.method}': channel {bad} of '{group.name}' scores "
                f"{float(values[bad])}; scores must be finite: mend its scores()"
            )
        scores[group.name] = values.detach().double().cpu()
    return scores


def described(value: object) -> str:
    """Return a tensor's shape, or anything else's type."""
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
