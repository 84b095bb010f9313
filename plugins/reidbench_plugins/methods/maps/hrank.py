"""Ranks of feature maps (Lin et al., HRank, CVPR 2020)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask

TOLERANCE = 1e-5
"""Singular values below this share of a map's largest count as zero: above float32's rounding."""


class HRank(Method):
    """Score the mean over images of rank(z_j), z_j channel j's activated map as a matrix.

    Ranks are integers of at most the map's shorter side, so small maps leave many ties.

    Deviations:
        * Groups with several producers sum the scores of each, because maps come one producer at a
          time.
        * The tolerance is a fixed share of the largest singular value, in float32, where the
          authors take their library's default, so that devices agree.
        * Every layer loses the same share, where the authors set each layer's by hand.
        * Layers already cut go on training, where the authors freeze each in turn.
    """

    def prepare(self, task: RankingTask) -> None:
        """Measure every group in one pass over the calibration images."""
        self._ranks: Mapping[str, Tensor] = task.mean_over_images(ranks, maps="activated")

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the mean rank of each channel's map."""
        return self._ranks[group.name]


def ranks(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return the rank of each map, (n, channels), of (n, channels, h, w)."""
    found: Tensor = torch.linalg.matrix_rank(maps.float(), rtol=TOLERANCE)
    return found.float()
