"""What a criterion may look at: the network's groups, and statistics over calibration images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from reidbench.api.records import DATA, Data
from reidbench.api.tasks import (
    CannotScore,
    FeatureStatistic,
    GradientStatistic,
    Group,
    Maps,
    Scores,
)
from reidbench.engine.channels import GroupView
from reidbench.engine.modes import evaluating
from reidbench.engine.pruning.calibration import Batches
from reidbench.engine.pruning.contract import described
from reidbench.engine.pruning.feature_maps import ObservedMap, observing
from reidbench.engine.pruning.layer_samples import Anchor, LayerSample, sample_next_layers
from reidbench.engine.pruning.losses import Losses
from reidbench.engine.training import Network
from reidbench.errors import MethodError, did_you_mean

LossAfterCut = Callable[[Scores], float]
"""The training loss that a cut by these scores would leave."""
Per = Literal["batch", "image"]
PER: tuple[Per, ...] = get_args(Per)
MAPS: tuple[Maps, ...] = get_args(Maps)


def no_loss_after_cut(scores: Scores) -> float:
    """Refuse to predict the loss: a ranking of one layer decides no whole cut."""
    raise CannotScore(
        "it judges whole cuts by loss_after(), and the strategy 'layerwise' ranks one layer; "
        "name another strategy"
    )


@dataclass(frozen=True, eq=False)
class RankingContext:
    """What a ranking works with; a method reaches none of it but through the ranking.

    Attributes:
        whole: the network with its classifier.
        calibration: the batches of images that statistics are taken over.
        losses: the training loss.
        reduction: the share of the dense MACs that the next cut removes.
        anchor: the network whose outputs refitted layers should still give.
        loss_after_cut: predicts the loss of a cut.
    """

    whole: Network
    calibration: Batches
    losses: Losses
    reduction: float
    anchor: Anchor
    loss_after_cut: LossAfterCut = no_loss_after_cut


@dataclass(frozen=True, eq=False)
class Ranking:
    """The ``reidbench.api.RankingTask`` of one ranking of one copy of a network.

    ``data`` is what the record of ``method`` declares.
    """

    _context: RankingContext
    method: str
    data: Data
    groups: Sequence[GroupView]
    generator: torch.Generator
    _asked: list[str] = field(default_factory=list)

    @property
    def whole(self) -> Network:
        """The network with its classifier."""
        return self._context.whole

    @property
    def network(self) -> nn.Module:
        """The network up to its embedding, in eval mode."""
        return self.whole.backbone

    @property
    def reduction(self) -> float:
        """The reduction that the cut after this ranking aims at."""
        self._asked.append("reduction")
        return self._context.reduction

    @property
    def is_for_one_cut(self) -> bool:
        """Whether the scores depend on the cut to come, so that no other cut may reuse them."""
        return not {"reduction", "loss_after"}.isdisjoint(self._asked)

    @property
    def rests_on_the_loss(self) -> bool:
        """Whether the method asked for the loss, or for gradients of it."""
        return "loss" in self._asked

    def images(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over the calibration batches."""
        self._needs("labels", "images()")
        # Clones: what a method does to its images, it does to no other ranking's.
        for images, labels in self._context.calibration:
            yield images.clone(), labels.clone()

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the training loss of a batch, a scalar."""
        self._needs("labels", "loss()")
        self._asked.append("loss")
        return self._context.losses.of_batch(self.whole, images, labels)

    def mean_over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False, maps: Maps = "normed"
    ) -> Mapping[str, Tensor]:
        """Average a statistic of feature maps over the calibration images; (channels,) by group.

        The network runs in eval mode, so that its batch-norm statistics stay as they are; maps and
        gradients are float32 whatever the protocol's precision.
        """
        totals = {group.name: torch.zeros(group.size, dtype=torch.float64) for group in self.groups}
        for batch in self._statistics(statistic, gradients, maps):
            for name, values in batch:
                totals[name] += values.double().sum(dim=0).cpu()
        count = sum(len(images) for images, _ in self._context.calibration)
        return {name: (total / count).float() for name, total in totals.items()}

    def over_images(
        self, statistic: FeatureStatistic, *, gradients: bool = False, maps: Maps = "normed"
    ) -> Mapping[str, Tensor]:
        """Return a statistic of feature maps of each image, (images, channels) by group."""
        parts: dict[str, list[Tensor]] = {group.name: [] for group in self.groups}
        for batch in self._statistics(statistic, gradients, maps):
            sums: dict[str, Tensor] = {}
            for name, values in batch:
                sums[name] = sums[name] + values if name in sums else values
            for name, values in sums.items():
                parts[name].append(values.float().cpu())
        return {name: torch.cat(values) for name, values in parts.items()}

    def mean_over_gradients(
        self, statistic: GradientStatistic, *, per: Per = "batch"
    ) -> Mapping[str, Tensor]:
        """Average a statistic of the weights' gradients; (channels,) by group."""
        self._needs("labels", "mean_over_gradients()")
        totals = {group.name: torch.zeros(group.size, dtype=torch.float64) for group in self.groups}
        count = 0
        with evaluating(self.whole), torch.enable_grad():
            for loss in self._losses(per):
                self.whole.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                count += 1
                for group in self.groups:
                    values = statistic(group)
                    _check_statistic(
                        values, group, (group.size,), "mean_over_gradients", self.method
                    )
                    totals[group.name] += values.detach().double().cpu()
        self.whole.zero_grad(set_to_none=True)
        return {name: (total / count).float() for name, total in totals.items()}

    def loss_after(self, scores: Scores) -> float:
        """Return the training loss that a cut by ``scores`` would leave."""
        self._needs("labels", "loss_after()")
        self._asked.append("loss_after")
        return self._context.loss_after_cut(scores)

    def next_layers(self, group: Group, *, points: int = 10) -> Sequence[LayerSample]:
        """Sample what the layers that read ``group`` get, and should give."""
        self._needs("images", "next_layers()")
        own = next(view for view in self.groups if view.name == group.name)
        context = self._context
        with evaluating(self.whole), torch.no_grad():
            return sample_next_layers(
                own, self.whole, context.anchor, context.calibration, points, self.generator
            )

    def _losses(self, per: Per) -> Iterator[Tensor]:
        _check_choice("per", per, PER, self.method)
        self._asked.append("loss")
        context = self._context
        for images, labels in context.calibration:
            if per == "batch":
                yield context.losses.of_batch(self.whole, images, labels)
            else:
                yield from context.losses.of_each_image(self.whole, images, labels, self.method)

    def _statistics(
        self, statistic: FeatureStatistic, gradients: bool, maps: Maps
    ) -> Iterator[list[tuple[str, Tensor]]]:
        """Yield for each batch the statistic of each observed map, (n, channels), by group."""
        _check_choice("maps", maps, MAPS, self.method)
        self._needs("labels" if gradients else "images", "feature maps")
        self._asked.extend(["loss"] * gradients)
        if gradients and maps == "activated":
            raise MethodError(
                f"method '{self.method}': gradients are those of 'normed' maps; ask for these"
            )
        with evaluating(self.whole), torch.set_grad_enabled(gradients):
            for images, labels in self._context.calibration:
                batch = []
                for seen, gradient in self._observed(images, labels, gradients):
                    values = statistic(seen.maps(maps), gradient)
                    expected = (len(seen.output), seen.group.size)
                    _check_statistic(values, seen.group, expected, "mean_over_images", self.method)
                    batch.append((seen.group.name, values.detach()))
                yield batch

    def _observed(
        self, images: Tensor, labels: Tensor, gradients: bool
    ) -> Iterator[tuple[ObservedMap, Tensor | None]]:
        with observing(self.groups) as seen:
            loss = self._context.losses.of_batch(self.whole, images, labels)
        if not gradients:
            yield from ((one, None) for one in seen)
            return
        found = torch.autograd.grad(loss, [one.output for one in seen])
        yield from ((one, one.part(gradient)) for one, gradient in zip(seen, found, strict=True))

    def _needs(self, data: Data, what: str) -> None:
        if DATA.index(self.data) < DATA.index(data):
            raise MethodError(
                f"method '{self.method}' looks at {what}, which its record rules out with "
                f"data={self.data!r}; declare data={data!r}"
            )


def _check_statistic(
    values: object, group: Group, expected: tuple[int, ...], caller: str, method: str
) -> None:
    axes = "images by channels" if len(expected) == 2 else "one a channel"
    if not isinstance(values, Tensor) or values.shape != expected:
        raise MethodError(
            f"method '{method}': the statistic of '{group.name}' must be a tensor "
            f"{expected}, {axes}, not {described(values)}; correct what it gives to {caller}()"
        )


def _check_choice(argument: str, value: str, choices: Sequence[str], method: str) -> None:
    if value not in choices:
        known = " or ".join(map(repr, choices))
        raise MethodError(
            f"method '{method}': {argument}={value!r} is none of {known}"
            f"{did_you_mean(str(value), choices)}"
        )
