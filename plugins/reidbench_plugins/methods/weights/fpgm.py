"""Distance to the geometric median (He et al., Filter Pruning via Geometric Median, CVPR 2019)."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Fpgm(Method):
    """Score g(j) = Σ_i ‖W_j - W_i‖₂ over the layer's signed filters (eq. 4).

    The smallest are the most replaceable.

    Deviations:
        * Filters go at once, where the authors zero their picks anew each epoch, because the
          strategy is the suite's to choose.
        * No share is picked by norm first (the paper's "FPGM-only"), so that the distances alone
          are measured.
    """

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each filter's summed distance to the others."""
        return distances(group.weight).sum(dim=1)


def distances(filters: Tensor) -> Tensor:
    """Return ‖W_j - W_i‖₂ of every pair, (channels, channels), of (channels, features)."""
    # cdist's faster modes subtract large squares: equal filters would end up apart.
    return torch.cdist(filters, filters, compute_mode="donot_use_mm_for_euclid_dist")
