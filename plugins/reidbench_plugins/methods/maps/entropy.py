"""Entropy of the channels' mean activations (Luo and Wu, An Entropy-based Pruning Method, 2017)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from reidbench.api import CannotScore, Group, Method, RankingTask

ROUNDING = 1e-6
"""Share of a channel's largest mean within which its means are all one: float32's rounding."""


class Entropy(Method):
    """Score H_j = -Σ_b p_b ln p_b of channel j's mean activations over the images, in m bins.

    Each image gives one number a channel, the mean of its activated map; p_b is the share of images
    in bin b of ``bins`` equal ones between the channel's least and largest number. A channel that
    says the same of every image scores 0.

    Deviations:
        * Groups with several producers take the entropy of their summed means, because a channel
          has one score whatever it is made of.
        * m is 16 unless set, where the authors have thousands of images and more bins: with as many
          bins as images every channel nears the same ln(images).
        * Retraining between layers, and at the end, is the protocol's, the same for all methods.

    Raises:
        ValueError: ``bins`` is below 2.
    """

    def __init__(self, *, bins: int = 16) -> None:
        super().__init__(bins=bins)
        if bins < 2:
            raise ValueError(
                f"option 'bins' is {bins}; choose 2 or more, and far fewer than images"
            )
        self._bins = bins

    def prepare(self, task: RankingTask) -> None:
        """Take every channel's mean activation on every calibration image."""
        self._means: Mapping[str, Tensor] = task.over_images(mean_activation, maps="activated")

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each channel's entropy in nats, in [0, ln(bins)].

        Raises:
            CannotScore: fewer images than bins, which no channel could tell apart.
        """
        means = self._means[group.name]
        if len(means) < self._bins:
            raise CannotScore(
                f"{len(means)} calibration images cannot fill {self._bins} bins; use a protocol "
                "with more of them, or set the option 'bins' lower"
            )
        return entropy(means, self._bins)


def mean_activation(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return the mean over positions, (n, channels), of (n, channels, h, w)."""
    return maps.mean(dim=(2, 3))


def entropy(values: Tensor, bins: int) -> Tensor:
    """Return the entropy (channels,) of (images, channels), each column binned over its range."""
    values = values.double()
    least = values.amin(dim=0)
    span = values.amax(dim=0) - least
    # A column that is constant but for the rounding of its sums lies in one bin.
    constant = span <= ROUNDING * values.abs().amax(dim=0)
    places = torch.where(constant, 0.0, (values - least) / torch.where(constant, 1.0, span))
    bin_ = (places * bins).long().clamp(max=bins - 1)
    counts = torch.zeros(bins, values.shape[1], dtype=values.dtype, device=values.device)
    shares = counts.scatter_add(0, bin_, torch.ones_like(values)) / len(values)
    return -torch.xlogy(shares, shares).sum(dim=0)
