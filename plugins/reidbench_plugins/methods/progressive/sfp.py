"""Soft filter pruning (He et al., Soft Filter Pruning for Accelerating Deep CNNs, IJCAI 2018)."""

from __future__ import annotations

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Sfp(Method):
    """Score ‖W_j‖₂; zero the whole target's share each round and let it grow back (Algorithm 1).

    Deviations:
        * Rounds are the protocol's instead of one an epoch, because the phase may be short.
        * Filters of the residual stream are in no mask of their own, because a network that is
          really slim cannot have them.
        * Training goes on after the last zeroing, because every method has the same budget.
    """

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the L2 norm of each filter."""
        return (group.weight**2).sum(dim=1).sqrt()

    def pruned_share(self, progress: float) -> float:
        """Return 1: the rate does not change."""
        return 1.0
