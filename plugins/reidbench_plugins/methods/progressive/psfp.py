"""Progressive soft filter pruning (He et al., Asymptotic Soft Filter Pruning, arXiv 1808.07471)."""

from __future__ import annotations

import math

from reidbench_plugins.methods.weights.l2 import L2

ANCHOR_AT = 1 / 8
"""Progress at which the schedule passes through its anchor (the paper's D)."""


class Psfp(L2):
    """Score ‖W_j‖₂; zero a share P(e) = P* (1 - x^(e/E)) / (1 - x) that rises fast, then slowly.

    ``anchor`` is the share q of the target that is zeroed after 1/8 of the pruning: x solves
    (1 - x^(1/8)) / (1 - x) = q. 0.25, as in the person re-ID survey's runs; other implementations
    of the paper take 0.75.

    Deviations:
        * P is a share of the target's MACs instead of each layer's filters, because targets are
          reductions of MACs.
        * Rounds are the protocol's instead of one an epoch, because the phase may be short.
        * Filters of the residual stream are in no mask of their own, because a network that is
          really slim cannot have them.
        * Training goes on after the last zeroing, because every method has the same budget.
        * How zeroed filters grow back is the progressive strategy's affair, so that it is the same
          for every criterion.

    Raises:
        ValueError: ``anchor`` is not between 1/8, where growth is linear, and 1.
    """

    def __init__(self, *, anchor: float = 0.25) -> None:
        super().__init__(anchor=anchor)
        self._decay = decay(anchor)

    def pruned_share(self, progress: float) -> float:
        """Return P(e)/P* at ``progress`` = e/E."""
        return math.expm1(-self._decay * progress) / math.expm1(-self._decay)


def decay(anchor: float) -> float:
    """Return kE = -ln x > 0 of the schedule through (1/8, ``anchor``)."""
    if not ANCHOR_AT < anchor < 1:
        raise ValueError(f"option 'anchor' is {anchor!r}; choose a share between 1/8 and 1")
    # With y = x^(1/8) the condition reads 1 + y + ... + y^7 = 1/q, which rises with y.
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if sum(middle**power for power in range(8)) < 1 / anchor:
            low = middle
        else:
            high = middle
    return -math.log(low) / ANCHOR_AT
