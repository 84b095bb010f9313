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
from reidbench.protocol import CalibrationRules, Protocol
from reidbench.training import Images, Network, PKSampler
from reidbench.training.augment import normalise
from reidbench.training.loop import batch_loss


class MethodError(ReidbenchError):
    """A method that broke its contract: the trial fails, the suite goes on."""


@dataclass(frozen=True)
class Ranking:
    """The :class:`reidbench.api.RankingTask` of one ranking of one network."""

    network: Network
    groups: Sequence[GroupView]
    calibration: Sequence[tuple[Tensor, Tensor]]
    protocol: Protocol
    generator: torch.Generator

    def mean_over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False
    ) -> Mapping[str, Tensor]:
        """Average a statistic of feature maps over the calibration images; (channels,) by group.

        The network runs in eval mode, so that its batch-norm statistics stay as they are.
        """
        totals = {group.name: torch.zeros(group.size) for group in self.groups}
        images_seen = 0
        with evaluating(self.network), torch.set_grad_enabled(gradients):
            for images, labels in self.calibration:
                for name, value in self._batch(images, labels, statistic, gradients):
                    totals[name] += value.detach().sum(dim=0).cpu()
                images_seen += len(images)
        return {name: total / images_seen for name, total in totals.items()}

    def _batch(
        self, images: Tensor, labels: Tensor, statistic: FeatureStatistic, gradients: bool
    ) -> Iterator[tuple[str, Tensor]]:
        with observing(self.groups) as seen:
            loss = batch_loss(self.network, images, labels, self.protocol.training)
        maps = [tensor for _, tensors in seen for tensor in tensors]
        slopes: list[Tensor | None] = (
            list(torch.autograd.grad(loss, maps)) if gradients else [None] * len(maps)
        )
        paired = iter(zip(maps, slopes, strict=True))
        for group, tensors in seen:
            channels = group.observed_channels
            for (tensor, slope), chosen in zip(islice(paired, len(tensors)), channels, strict=True):
                part = None if slope is None else slope[:, chosen]
                yield group.name, statistic(tensor[:, chosen], part)


@contextmanager
def observing(groups: Sequence[GroupView]) -> Iterator[list[tuple[GroupView, list[Tensor]]]]:
    """Collect the output of every observed module during the block, by group."""
    seen: list[tuple[GroupView, list[Tensor]]] = [(group, []) for group in groups]
    handles = [
        module.register_forward_hook(_keep_in(tensors))
        for group, tensors in seen
        for module in group.observed
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _keep_in(tensors: list[Tensor]) -> Callable[[nn.Module, object, Tensor], Tensor]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        tensors.append(output)
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
    images: Images,
    rules: CalibrationRules,
    protocol: Protocol,
    random: torch.Generator,
    device: torch.device,
) -> list[tuple[Tensor, Tensor]]:
    """Return the protocol's calibration batches: PK batches without augmentation.

    They depend on the data and ``random`` alone: every method gets the same images in the same
    order. PK, because the triplet loss of a random batch would have no positives.
    """
    hand = protocol.training.batch.images
    sampler = PKSampler(images.labels, rules.batch // hand, hand, random)
    return [
        (
            normalise(images.pixels[chosen], protocol.input).to(device),
            images.labels[chosen].to(device),
        )
        for chosen in islice(sampler, rules.images // rules.batch)
    ]


def checked_scores(method: Method, name: str, ranking: Ranking) -> dict[str, Tensor]:
    """Return the method's scores of every group.

    Raises:
        MethodError: scores of the wrong shape or not finite, naming method and layer.

    """
    method.prepare(ranking)
    scores = {}
    for group in ranking.groups:
        values = method.scores(group, ranking)
        if not isinstance(values, Tensor) or values.shape != (group.size,):
            shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
            raise MethodError(
                f"method '{name}': scores of '{group.name}' must be a tensor ({group.size},), one "
                f"a channel, not {shape}; mend its scores()"
            )
        if not torch.isfinite(values).all():
            bad = int((~torch.isfinite(values)).nonzero()[0])
            raise MethodError(
                f"method '{name}': channel {bad} of '{group.name}' scores {float(values[bad])}; "
                "scores must be finite: mend its scores()"
            )
        scores[group.name] = values.detach().double().cpu()
    return scores


def comparable(scores: Mapping[str, Tensor], method: Method) -> dict[str, Tensor]:
    """Return scores that may be ranked across layers, as the method's ``normalisation`` says."""
    if method.normalisation == "none":
        return dict(scores)
    return {name: values / values.norm().clamp_min(1e-12) for name, values in scores.items()}
