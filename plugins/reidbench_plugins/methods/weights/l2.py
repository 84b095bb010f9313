"""L2 norm of the filters: the plainest measure of how much a filter can matter."""

from __future__ import annotations

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class L2(Method):
    """Score s_j = ‖W_j‖₂, the criterion of soft filter pruning (He et al., IJCAI 2018), used once.

    Deviations:
        * Filters go at once and for good, where soft filter pruning zeroes them after each epoch
          and lets them grow back, because the strategy is the suite's to choose.
    """

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the L2 norm of each filter."""
        return group.weight.square().sum(dim=1).sqrt()
