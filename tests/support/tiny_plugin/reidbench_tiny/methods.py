"""One sound method, and one for each way in which a method can go wrong."""

from __future__ import annotations

import sys

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


class Explodes(Method):
    """Multiply the weights, as a careless update rule would."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the norms, and ruin the very weights they came from."""
        scores = group.weight.norm(dim=1)
        with torch.no_grad():
            for module in group.observed:
                for weights in module.parameters():
                    weights.mul_(1e38)
        return scores


class Idle(Norm):
    """Cut, and rest."""

    def __init__(self) -> None:
        super().__init__(power=1.0)

    def prune(self, phase: PrunePhase) -> None:
        """Spend no step."""
        phase.cut(phase.target)
