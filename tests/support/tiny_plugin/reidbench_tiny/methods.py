"""One sound method, and one for each way in which a method can go wrong."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

from reidbench.api import Group, Method, PrunePhase, RankingTask


class Norm(Method):
    """Score by the norm of the filters, to the power of an option."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return |W|^power of each filter."""
        return group.weight.norm(dim=1) ** self.options["power"]


class Raises(Method):
    """Break while scoring."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Raise."""
        raise RuntimeError("tiny trouble\nin two lines")


class Exits(Method):
    """End the process while scoring."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Exit."""
        sys.exit("tiny farewell")


class Nan(Norm):
    """Score one channel as not a number."""

    def __init__(self) -> None:
        super().__init__(power=1.0)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return scores of which the second is not a number."""
        scores = super().scores(group, task)
        scores[1] = torch.nan
        return scores


class Explodes(Norm):
    """Multiply the weights after the cut, as a careless update rule would."""

    def __init__(self) -> None:
        super().__init__(power=1.0)

    def prune(self, phase: Any) -> None:
        """Reach around the API for the network that trains, and ruin it."""
        phase.cut(phase.reduction)
        with torch.no_grad():
            for weights in phase.prunable.network.parameters():
                weights.mul_(1e38)
        phase.train(phase.steps_left)


class Idle(Norm):
    """Cut, and rest."""

    def __init__(self) -> None:
        super().__init__(power=1.0)

    def prune(self, phase: PrunePhase) -> None:
        """Spend no step."""
        phase.cut(phase.reduction)
