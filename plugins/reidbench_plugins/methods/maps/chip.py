"""Channel independence (Sui et al., CHIP: Channel Independence-based Pruning, NeurIPS 2021)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask

STEP, REACH = 0.4, 22.0
"""Step and half width of the quadrature in ln u: its error falls as exp(-π²/step)."""


class Chip(Method):
    """Score CI_j = ‖A‖_* - ‖A without row j‖_*, A (channels, positions) of an image, averaged.

    A holds an image's activated maps, ‖·‖_* is the sum of singular values; low scores are channels
    that the others can replace.

    Deviations:
        * Groups with several producers sum the scores of each, because maps come one producer at a
          time.
        * Nuclear norms are not computed once for each channel: their difference is an integral over
          the eigenvalues of one Gram matrix, exact to about 1e-7 of the largest singular value.
        * Every layer loses the same share, where the authors set each layer's by hand.
    """

    def prepare(self, task: RankingTask) -> None:
        """Measure every group in one pass over the calibration images."""
        self._changes: Mapping[str, Tensor] = task.mean_over_images(independence, maps="activated")

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the mean change of the nuclear norm without each channel."""
        return self._changes[group.name]


def independence(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return ‖A‖_* - ‖A without row j‖_* of each image, (n, channels), of (n, channels, h, w).

    With r_j row j in the basis of A's right singular vectors, and s its singular values, the
    determinant of a rank-one change gives q_j(u) = Σ_i r_ji² / (s_i² + u²) and, from
    √x = 2/π ∫ x / (x + u²) du, the difference as -1/π ∫ ln(1 - q_j(u)) du over u > 0. In ln u
    the integrand is smooth and dies off on both sides, where the trapezoid rule is near exact.
    """
    energy = row_energy(maps.detach().flatten(2).double())
    squares = energy.sum(dim=1)
    largest = squares.amax(dim=1, keepdim=True).sqrt()
    # Maps of zeros have no scale of their own, nor anything to integrate.
    scale = torch.where(largest > 0, largest, 1.0)
    steps = torch.arange(-REACH, REACH + STEP, STEP, dtype=energy.dtype, device=energy.device)
    points = scale * steps.exp()
    shares = energy @ (1 / (squares[:, :, None] + points[:, None, :].square()))
    # Rounding may lift q to 1, whose logarithm is not finite.
    logs = torch.log1p(-shares.clamp(max=1 - torch.finfo(shares.dtype).eps))
    return -(logs @ points[:, :, None])[..., 0] * STEP / math.pi


def row_energy(rows: Tensor) -> Tensor:
    """Return r_ji² (n, channels, min(channels, positions)) of (n, channels, positions).

    From the eigenvectors of the smaller of A·Aᵀ and Aᵀ·A.
    """
    turned = rows.transpose(1, 2)
    tall = rows.shape[1] > rows.shape[2]
    values: Tensor
    vectors: Tensor
    values, vectors = torch.linalg.eigh(turned @ rows if tall else rows @ turned)
    if tall:
        return (rows @ vectors).square()
    return vectors.square() * values.clamp_min(0)[:, None, :]
