"""Batch norm scales as they are (Liu et al., Network Slimming, ICCV 2017, without its penalty)."""

from __future__ import annotations

from torch import Tensor

from reidbench.api import CannotScore, Group, Method, RankingTask


class BnScale(Method):
    """Score |γ_j|, the scale of the batch norm on channel j, ranked over all layers at once.

    Deviations:
        * The network was not trained with the paper's penalty on γ, which makes this a control for
          network slimming: what the penalty adds is the difference between the two, if both run
          under one strategy.
        * Channels with several norms count their mean |γ|, because they go together.
        * Layers keep at least the protocol's floor of channels, where the paper may empty one.
    """

    # Scales multiply maps of unit variance, which makes them comparable between layers.
    normalisation = "none"

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the scale of each channel."""
        if group.norm_scale is None:
            raise CannotScore(
                "no norm with a scale follows; prune layers that a batch norm follows"
            )
        return group.norm_scale.abs()
