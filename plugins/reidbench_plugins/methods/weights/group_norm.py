"""Norms of all the weights that go with a channel (Fang et al., DepGraph, CVPR 2023)."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class GroupNorm(Method):
    """Score I_k = Σ_w ‖w[k]‖₂² over every tensor w coupled with channel k, over the group's mean.

    Squares are summed without a root, as in the paper's I_{g,k}; its relative score
    N I_k / Σ TopN(I) is taken with N = all channels of the group.

    Deviations:
        * The network was not trained with the paper's group sparsity, because what a criterion
          finds and what a penalty prepares are separate rows.
        * Channels go at once, where the authors take them in many small steps of one ranking each.
    """

    # Dividing by the group's mean is the paper's own way to compare groups.
    normalisation = "none"

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each channel's sum of squares, relative to the mean channel of its group."""
        squares = torch.stack([part.square().sum(dim=1) for part in group.coupled]).sum(dim=0)
        return squares / squares.mean().clamp_min(torch.finfo(squares.dtype).tiny)
