"""A registered method's scores of a network that is no part of any suite."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from reidbench.api import CannotScore, Method
from reidbench.api.records import MethodRecord
from reidbench.engine.channels import ChannelGraph, PruningPlan, Scope, remove, view
from reidbench.engine.pruning.calibration import Batches, recalibrated
from reidbench.engine.pruning.cut_planner import comparable
from reidbench.engine.pruning.layer_samples import Anchor
from reidbench.engine.pruning.ranking import Ranking, RankingContext
from reidbench.engine.pruning.scores import score_groups
from reidbench.engine.training import Network, derived_seed, generator
from reidbench.engine.training.seeds import isolated
from reidbench.errors import MethodError, ReidbenchError, named_line
from reidbench.interrupts import returned
from reidbench.plugins import discover

T = TypeVar("T")
Loss: TypeAlias = Callable[[Any, Tensor], Tensor]
"""Outputs of the network and labels of a batch to a scalar."""
Solve: TypeAlias = Callable[[Mapping[str, Tensor]], PruningPlan]
"""Scores by group to the plan that they lead to."""


@dataclass(frozen=True)
class Criterion:
    """A method, and what it may look at.

    Attributes:
        name: of a registered method.
        options: its options, defaults filled in.
        batches: images, or pairs of images and labels.
        loss: of outputs and labels.
        allocation: ``global`` makes scores comparable between groups.
        seed: of the random numbers it draws.

    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    batches: Iterable[Any] | None = None
    loss: Loss | None = None
    allocation: str = "uniform"
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Ranked:
    """A method that has scored every group, and the ranking it did it in."""

    method: Method
    ranking: Ranking
    scores: Mapping[str, Tensor]


class OwnNetwork(Network):
    """A network without a head of ours: what it puts out is embedding and logits alike."""

    def __init__(self, network: nn.Module) -> None:
        nn.Module.__init__(self)
        self.backbone = network

    def forward(self, images: Tensor) -> Any:
        """Return what the network does."""
        return self.backbone(images)

    def for_training(self, images: Tensor) -> tuple[Any, Any]:
        """Return what the network does, twice."""
        outputs = self.backbone(images)
        return outputs, outputs


@dataclass(frozen=True)
class OwnLosses:
    """The loss that the caller gave; without one the network just runs."""

    loss: Loss | None

    def of_batch(self, network: Network, images: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of a batch, a scalar."""
        outputs = network(images)
        return self.loss(outputs, labels) if self.loss else torch.zeros(())

    def of_each_image(
        self, network: Network, images: Tensor, labels: Tensor, method: str
    ) -> Iterator[Tensor]:
        """Iterate over the loss of each image alone."""
        for index in range(len(images)):
            one = slice(index, index + 1)
            yield self.of_batch(network, images[one], labels[one])


def rank(
    network: nn.Module,
    graph: ChannelGraph,
    scope: Scope,
    reduction: float,
    by: Criterion,
    to: Solve,
) -> Ranked:
    """Return a method's scores of every group in scope; ``network`` is not changed.

    Raises:
        MethodError: the method chooses no channels by scores, needs data that is not given, or
            cannot score a group.
        ReidbenchError: no such method or option, or batches that are none.

    """
    record = _record(by.name)
    method: Method = _from_plugin(record.name, lambda: record.build(by.options))
    _refuse_without_scores(record, method)
    batches = _batches(by, record, network)
    whole = OwnNetwork(copy.deepcopy(network)).eval()
    ranking = Ranking(
        RankingContext(
            whole=whole,
            calibration=batches,
            losses=OwnLosses(by.loss),
            reduction=reduction,
            anchor=Anchor(whole, graph, PruningPlan.everything(graph)),
            loss_after_cut=lambda scores: _loss_after(whole, graph, to(scores), batches, by.loss),
        ),
        method=by.name,
        data=record.data,
        groups=tuple(view(whole.backbone, graph, group) for group in graph.in_scope(scope)),
        generator=generator(by.seed, "ranking"),
    )
    with isolated(derived_seed(by.seed, "ranking")):
        scores = _from_plugin(by.name, lambda: score_groups(method, ranking))
    if by.allocation == "global":
        scores = comparable(scores, method.normalisation)
    return Ranked(method, ranking, scores)


def _from_plugin(method: str, call: Callable[[], T]) -> T:
    """Return what a method's code returns; what would end the process is a sentence."""

    def explained(fault: BaseException) -> BaseException:
        if isinstance(fault, Exception):
            return fault
        return MethodError(
            f"method '{method}' raised {named_line(fault)}; correct its plugin, or name another"
        )

    return returned(call, explained)


def _record(name: str) -> MethodRecord:
    return discover().methods.get(name).record


def _refuse_without_scores(record: MethodRecord, method: Method) -> None:
    if record.prunes == "nothing":
        raise MethodError(f"method '{record.name}' removes nothing; name one that prunes")
    if type(method).scores is Method.scores:
        raise MethodError(
            f"method '{record.name}' chooses channels while it trains, not by scores: run it in a "
            "suite, or name another"
        )


def _batches(by: Criterion, record: MethodRecord, network: nn.Module) -> Batches:
    """Return the batches as pairs of images and labels, where the network is."""
    if record.data == "weights":
        return []
    if by.batches is None:
        what = "batches of images" if record.data == "images" else "batches of images and labels"
        raise MethodError(f"method '{by.name}' looks at {record.data}: give {what} as batches=")
    if record.data == "labels" and by.loss is None:
        raise MethodError(
            f"method '{by.name}' looks at gradients: give loss=, a function of outputs and labels"
        )
    like = next(network.parameters())
    found = [_pair(batch, like, record) for batch in by.batches]
    if not found:
        raise ReidbenchError("batches: there is none; give at least one batch of images")
    return found


def _pair(batch: Any, like: Tensor, record: MethodRecord) -> tuple[Tensor, Tensor]:
    images, labels = batch if isinstance(batch, list | tuple) else (batch, None)
    if not isinstance(images, Tensor) or images.ndim != 4:
        shape = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise ReidbenchError(
            f"batches: a batch must be images (n, C, H, W), or a pair of images and labels, not "
            f"{shape}"
        )
    if labels is None and record.data == "labels":
        raise MethodError(
            f"method '{record.name}' looks at labels: give pairs of images and labels as batches"
        )
    labels = torch.zeros(len(images)) if labels is None else torch.as_tensor(labels)
    return images.to(like), labels.to(like.device)


def _loss_after(
    whole: Network, graph: ChannelGraph, plan: PruningPlan, batches: Batches, loss: Loss | None
) -> float:
    """Return the mean loss of a copy that is cut to ``plan``, norms recalibrated."""
    if loss is None:
        raise CannotScore("it judges cuts by their loss: give loss=")
    small = copy.deepcopy(whole)
    remove(small.backbone, graph, plan)
    small = recalibrated(small, (images for images, _ in batches))
    with torch.no_grad():
        losses = [float(loss(small(images), labels)) for images, labels in batches]
    return sum(losses) / len(losses)
