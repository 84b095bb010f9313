"""The method itself: imported only when a suite uses it."""

from __future__ import annotations

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Spread(Method):
    """Score each filter by the standard deviation of its weights: a flat filter only averages."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return one score a channel, (group.size,); the lowest are removed first."""
        return group.weight.std(dim=1, correction=0)
