"""Soft pruning around the geometric median (He et al., FPGM, CVPR 2019, Algorithm 1)."""

from __future__ import annotations

from reidbench_plugins.methods.weights.fpgm import Fpgm


class SoftFpgm(Fpgm):
    """Score g(j) = Σ_i ‖W_j - W_i‖₂ (eq. 4); zero the whole target's share each round.

    Zeroed filters may grow back, as in the paper's Algorithm 1.

    Deviations:
        * Rounds are the protocol's instead of one an epoch, because the phase may be short.
        * Zeroed filters go on training, as the paper says; the authors' code masks their gradients.
        * No share is picked by norm first (the paper's "FPGM-only").
        * Filters of the residual stream are in no mask of their own, because a network that is
          really slim cannot have them.
        * Training goes on after the last zeroing, because every method has the same budget.
    """

    def pruned_share(self, progress: float) -> float:
        """Return 1: the rate does not change."""
        return 1.0
