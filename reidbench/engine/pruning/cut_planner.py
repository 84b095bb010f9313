"""Which channels go next: plans in dense indices, in which what is gone stays gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, nextafter
from typing import Literal

import torch
from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.records import Allocation
from reidbench.api.tasks import Scores
from reidbench.config.protocol import Protocol, PruningRules
from reidbench.engine.channels import ChannelGraph, PruningPlan, solve
from reidbench.engine.pruning.calibration import calibration_loss
from reidbench.engine.pruning.prunable_network import PrunableNetwork
from reidbench.engine.pruning.scores import checked_scores
from reidbench.plan import ConfiguredMethod


def next_plan(
    dense: ChannelGraph,
    current: PruningPlan,
    scores: Mapping[str, Tensor],
    *,
    reduction: float,
    allocation: Allocation,
    rules: PruningRules,
) -> PruningPlan:
    """Return the plan nearest to ``reduction`` of the dense MACs that ``current`` can go on to.

    ``scores`` are of the channels that ``current`` keeps, low = remove, and comparable between
    groups if the allocation is ``global``. Never keeps a channel that is gone: where the target is
    passed already, the answer is ``current``.
    """
    if dense.macs.total(current.widths) <= (1 - reduction) * dense.macs.total():
        return current
    # One ranking with everything gone at its front: a cut beyond the current MACs takes all of it.
    # A uniform allocation is such a ranking too, by each channel's place in its own group.
    places = {
        name: values.double() if allocation == "global" else _places(values, current.sizes[name])
        for name, values in scores.items()
    }
    front = nextafter(min(float(values.min()) for values in places.values()), -inf)
    ranked = {}
    for name, values in places.items():
        ranked[name] = torch.full((current.sizes[name],), front, dtype=torch.float64)
        ranked[name][list(current.kept[name])] = values
    return solve(
        dense,
        ranked,
        reduction=reduction,
        allocation="global",
        scope=rules.scope,
        min_keep=rules.min_keep,
    )


def _places(scores: Tensor, size: int) -> Tensor:
    """Return each channel's share of the group that goes before it, in (0, 1); ties by index."""
    gone = size - len(scores)
    rank = scores.argsort(stable=True).argsort()
    return (rank.double() + gone + 0.5) / size


def with_rounds(
    protocol: Protocol, dense: ChannelGraph, reduction: float, start: float = 0.0
) -> Protocol:
    """Return the protocol with as many rounds as its share of channels a round asks for.

    The channels that go are those in scope between uniform widths at ``start`` and at
    ``reduction``, so that the rounds of all methods and allocations are the same.
    """
    rules = protocol.pruning
    if rules.channels_per_round is None:
        return protocol
    gone = _gone(dense, rules, reduction) - (_gone(dense, rules, start) if start else 0.0)
    count = min(rules.rounds, max(1, round(gone / rules.channels_per_round)))
    return protocol.model_copy(update={"pruning": rules.model_copy(update={"rounds": count})})


def _gone(dense: ChannelGraph, rules: PruningRules, reduction: float) -> float:
    """Return the share of the channels in scope that uniform widths leave out."""
    groups = dense.in_scope(rules.scope)
    plan = solve(
        dense,
        {group.name: [0.0] * group.size for group in groups},
        reduction=reduction,
        allocation="uniform",
        scope=rules.scope,
        min_keep=rules.min_keep,
    )
    size = sum(group.size for group in groups)
    return 1 - sum(len(plan.kept[group.name]) for group in groups) / size


def comparable(
    scores: Mapping[str, Tensor], normalisation: Literal["l2", "none"]
) -> dict[str, Tensor]:
    """Return scores that may be ranked across groups: as they are, or over each group's L2 norm."""
    if normalisation == "none":
        return dict(scores)
    return {name: values / values.norm().clamp_min(1e-12) for name, values in scores.items()}


@dataclass(frozen=True, eq=False)
class CutPlanner:
    """Plans cuts of one network by the scores of one method."""

    prunable: PrunableNetwork
    method: Method
    configured: ConfiguredMethod

    def plan(self, scores: Scores, reduction: float) -> PruningPlan:
        """Return the plan nearest to ``reduction`` by ``scores`` of the network as it is.

        Raises:
            MethodError: scores that are not one finite number for each channel in scope.
        """
        network, allocation = self.prunable, self.configured.allocation
        scores = checked_scores(scores, network.views(), self.configured.label)
        if allocation == "global":
            scores = comparable(scores, self.method.normalisation)
        return next_plan(
            network.dense,
            network.plan,
            scores,
            reduction=reduction,
            allocation=allocation,
            rules=network.protocol.pruning,
        )

    def removed(self, plan: PruningPlan, groups: Iterable[str]) -> dict[str, Tensor]:
        """Return which channels of the network as it is ``plan`` removes, boolean by group."""
        relative = self.prunable.relative(plan)
        removed = {}
        for name in groups:
            removed[name] = torch.ones(relative.sizes[name], dtype=torch.bool)
            removed[name][list(relative.kept[name])] = False
        return removed

    def loss_after_cut(self, scores: Scores, reduction: float) -> float:
        """Return the calibration loss that a cut by ``scores`` to ``reduction`` would leave."""
        network = self.prunable.copy_after(self.plan(scores, reduction))
        return calibration_loss(network, self.prunable.calibration, self.prunable.protocol)
