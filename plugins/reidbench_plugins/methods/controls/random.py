"""The random control: what a criterion must beat to be worth its name."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Random(Method):
    """Score each channel uniformly in [0, 1), from the trial's seed alone."""

    # Dividing by a layer's norm would make channels of wide layers go first.
    normalisation = "none"

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return U(0, 1)."""
        return torch.rand(group.size, generator=task.generator)
