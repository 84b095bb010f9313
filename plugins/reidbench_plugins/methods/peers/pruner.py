"""Torch-Pruning's own pruner, whose choice of channels becomes scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch_pruning as tp  # type: ignore[import-untyped,unused-ignore]
from torch import Tensor, nn

from reidbench.api import Group, Method, RankingTask
from reidbench_plugins.methods.peers.bridge import (
    Dependencies,
    Importance,
    cannot,
    qualified,
    stand_in,
    trainable_copy,
)

CLOSE_ENOUGH = 0.002  # of the MACs aimed at
HALVINGS = 12
STRIDE = 1 / 16  # of the channels


class TpPruner(Method):
    """Rank first what Torch-Pruning's ``BasePruner`` removes when it is asked for the same MACs.

    ``BasePruner(global_pruning=True)`` with ``GroupMagnitudeImportance(p=2)`` prunes a copy of the
    network in one step, at a ratio of channels that is bisected until its MACs, in the library's
    own count, meet the target. What it removed scores lowest; among what it removed, and among
    what it kept, the order is its importance's. Scores are ranks over all layers: the harness
    normalises no further.

    Deviations:
        * Layers outside the protocol's scope are among its ``ignored_layers``, because every method
          prunes the same ones.
        * The harness takes a few channels more or fewer, in the order above, so that the MACs meet
          the target by its own count; and it keeps a floor in each layer, where the library
          leaves a layer whole that its threshold would empty.
        * In later rounds of an iterative strategy the target counts from the network of the first,
          since a ranking does not say what the dense one cost; where it is out of the library's
          reach, its furthest attempt counts.
        * The library counts MACs at 256 x 128 whatever the protocol's input, since a method of
          weights alone is shown no image.
    """

    normalisation = "none"

    def __init__(self) -> None:
        super().__init__()
        self._dense: float | None = None
        self._scores: dict[str, Tensor] = {}

    def prepare(self, task: RankingTask) -> None:
        """Search for the ratio, and rank every channel."""
        importance = tp.importance.GroupMagnitudeImportance(p=2)
        dependencies = Dependencies(task.network)
        if self._dense is None:
            self._dense = macs(dependencies.network)
        measured = [dependencies.importance(group, importance).cpu() for group in task.groups]
        reach = Reach.of(dependencies, task.groups)
        target = self._dense * (1 - task.reduction)
        gone = search(task.network, reach, importance, task.reduction, target).gone
        kept = [
            torch.tensor([channel not in gone.get(layer, ()) for channel in range(len(values))])
            for layer, values in zip(reach.watched, measured, strict=True)
        ]
        ranks = ranked(torch.cat(kept), torch.cat(measured))
        parts = torch.split(ranks, [len(values) for values in measured])
        self._scores = dict(zip((group.name for group in task.groups), parts, strict=True))

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the ranks."""
        return self._scores[group.name]


@dataclass(frozen=True)
class Attempt:
    """The result of the pruner at one ratio: the MACs left, and the outputs removed, by layer."""

    macs: float
    gone: Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Reach:
    """Paths of the layers that the pruner must ignore, and of each group's first layer."""

    ignored: Sequence[str]
    watched: Sequence[str]

    @classmethod
    def of(cls, dependencies: Dependencies, groups: Sequence[Group]) -> Reach:
        """Return the reach that ``groups`` leave: every other layer that has outputs is ignored."""
        free = {layer for group in groups for layer in dependencies.layers(group)}
        network = dependencies.network
        makers = (nn.modules.conv._ConvNd, nn.Linear)
        named = [(name, part) for name, part in network.named_modules() if isinstance(part, makers)]
        ignored = [name for name, part in named if part not in free]
        return cls(ignored, [qualified(network, group.name) for group in groups])

    def prune(self, network: nn.Module, ratio: float, importance: Importance) -> Attempt:
        """Prune a copy of ``network`` by ``ratio`` of the channels in reach, with Torch-Pruning."""
        pruned = trainable_copy(network)
        names = {part: name for name, part in pruned.named_modules()}
        gone: dict[str, frozenset[int]] = {}
        try:
            with torch.enable_grad():
                pruner = self._pruner(pruned, ratio, importance)
                for group in pruner.step(interactive=True):
                    for dependency, indices in group:
                        name = names.get(dependency.target.module, "")
                        makes = pruner.DG.is_out_channel_pruning_fn(dependency.handler)
                        if name in self.watched and makes:
                            gone[name] = frozenset(indices)
                    group.prune()
        except Exception as error:  # its pruner may raise anything
            raise cannot("prune this network", error) from error
        return Attempt(macs(pruned), gone)

    def _pruner(self, network: nn.Module, ratio: float, importance: Importance) -> Any:
        return tp.BasePruner(
            network,
            stand_in(network),
            importance,
            global_pruning=True,
            pruning_ratio=ratio,
            ignored_layers=[network.get_submodule(name) for name in self.ignored],
            # Its defaults are shared between pruners, and would hold the last one's layers.
            in_channel_groups={},
            out_channel_groups={},
            num_heads={},
        )


def search(
    network: nn.Module, reach: Reach, importance: Importance, start: float, target: float
) -> Attempt:
    """Return the attempt nearest to ``target`` MACs: ratios from ``start`` up, then bisection.

    The one with the fewest MACs if no ratio takes enough.
    """
    # From below: beyond some ratio it skips layers that it would empty, and MACs rise again.
    low, high = 0.0, start
    tried = [reach.prune(network, high, importance)]
    while tried[-1].macs > target:
        low, high = high, high + STRIDE
        if high >= 1:
            return min(tried, key=lambda attempt: attempt.macs)
        tried.append(reach.prune(network, high, importance))
    for _ in range(HALVINGS):
        if abs(tried[-1].macs - target) <= CLOSE_ENOUGH * target:
            break
        middle = (low + high) / 2
        tried.append(reach.prune(network, middle, importance))
        low, high = (middle, high) if tried[-1].macs > target else (low, middle)
    return min(tried, key=lambda attempt: abs(attempt.macs - target))


def macs(network: nn.Module) -> float:
    """Return the multiply-accumulates of a network by Torch-Pruning's count."""
    try:
        return float(tp.utils.count_ops_and_params(network, stand_in(network))[0])
    except Exception as error:  # a shape that its surgery broke fails here
        raise cannot("count the operations of this network", error) from error


def ranked(kept: Tensor, importance: Tensor) -> Tensor:
    """Return ranks (channels,): removed channels before kept ones, each by importance."""
    by_importance = torch.argsort(importance, stable=True)
    order = by_importance[torch.argsort(kept[by_importance].int(), stable=True)]
    ranks = torch.empty(len(order), dtype=torch.float64)
    ranks[order] = torch.arange(len(order), dtype=torch.float64)
    return ranks
