"""Layer-adaptive magnitudes (Lee et al., Layer-adaptive Sparsity, ICLR 2021), of whole filters."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Lamp(Method):
    """Score s_u / Σ_{v≥u} s_v, with s the layer's squared norms ‖W_j‖₂² in ascending order.

    The largest filter of every layer scores 1, so one ranking over all layers empties none of them.

    Deviations:
        * s is the squared norm of a filter, where the paper has the square of one weight, because
          channels go here and not weights.
        * Layers of zeros score zero throughout, where the formula divides by zero.
    """

    # The score is made to be compared between layers as it is.
    normalisation = "none"

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each filter's share of what is no smaller than itself, in [0, 1]."""
        # A stable sort: of equal filters the later one counts as the larger, everywhere.
        ascending, order = group.weight.square().sum(dim=1).sort(stable=True)
        at_least = ascending.flip(0).cumsum(0).flip(0)
        share = ascending / at_least.clamp_min(torch.finfo(ascending.dtype).tiny)
        return torch.empty_like(share).scatter(0, order, share)
