"""Which channels a cut by a method's scores removes, under the trial's allocation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.tasks import Scores
from reidbench.engine.channels import PruningPlan
from reidbench.engine.pruning.calibration import calibration_loss
from reidbench.engine.pruning.next_plan import comparable, next_plan
from reidbench.engine.pruning.prunable_network import PrunableNetwork
from reidbench.engine.pruning.scores import checked_scores
from reidbench.plan import ConfiguredMethod


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
