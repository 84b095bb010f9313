"""L1 norm of the filters (Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017)."""

from __future__ import annotations

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class L1(Method):
    """Score s_j = Σ|W_j|, ranked independently of what other layers lose.

    Deviation: the paper chooses each layer's share by hand from its sensitivity; here every
    layer loses the same share, as the record's allocation says.
    """

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the L1 norm of each filter."""
        return group.weight.abs().sum(dim=1)
