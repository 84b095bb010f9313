"""L1 norm of the filters (Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017)."""

from __future__ import annotations

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class L1(Method):
    """Score s_j = Σ|W_j|, ranked independently of what other layers lose (Li et al., section 3.1).

    Deviations:
        * Every layer loses the same share, where the authors choose each layer's by hand from its
          sensitivity, so that no choice is made on results.
    """

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the L1 norm of each filter."""
        return magnitudes(group)


def magnitudes(group: Group) -> Tensor:
    """Return the L1 norm of each filter, (channels,); gradients flow where the group is live."""
    return group.weight.abs().sum(dim=1)
