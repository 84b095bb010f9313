"""Soft filter pruning (He et al., Soft Filter Pruning for Accelerating Deep CNNs, IJCAI 2018)."""

from __future__ import annotations

from reidbench_plugins.methods.weights.l2 import L2


class Sfp(L2):
    """Score ‖W_j‖₂; zero the whole target's share each round and let it grow back (Algorithm 1).

    Deviations:
        * Rounds are the protocol's instead of one an epoch, because the phase may be short.
        * Filters of the residual stream are in no mask of their own, because a network that is
          really slim cannot have them.
        * Training goes on after the last zeroing, because every method has the same budget.
    """

    def pruned_share(self, progress: float) -> float:
        """Return 1: the rate does not change."""
        return 1.0
