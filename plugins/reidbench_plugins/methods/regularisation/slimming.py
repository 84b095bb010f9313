"""Network slimming (Liu et al., Learning Efficient Convolutional Networks, ICCV 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import CannotScore, Group, Method, RankingTask, TrainingTask


class Slimming(Method):
    """Train with L + s Σ|γ| over the norms' scales (eq. 1), then rank all channels by |γ|.

    ``strength`` is s: the authors' 1e-5 for ResNet and DenseNet; 1e-4 is theirs for VGG.

    Deviations:
        * Only norms whose channels may go are pushed, because a scale that stays gains nothing from
          being small.
        * Channels with several norms count their mean |γ|, because they go together.
        * Training starts from a trained network, whose γ the authors would have pushed from the
          first step on, because every method of this benchmark gets the same network.
        * The target is met on MACs instead of a threshold on γ, and no layer loses all channels.
        * A penalty acts through the protocol's optimiser: under Adam a step is bounded by the
          learning rate whatever the penalty's size, where the authors' SGD multiplies it.

    Raises:
        ValueError: ``strength`` is negative.
    """

    # γ is on one scale in all layers: comparing it across them is the method's idea.
    normalisation = "none"

    def __init__(self, *, strength: float = 1e-5) -> None:
        super().__init__(strength=strength)
        if not strength >= 0:
            raise ValueError(f"option 'strength' is {strength!r}; choose 0 or more")
        self._strength = strength

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return s Σ|γ|: its gradient is s sign(γ)."""
        scales = [group.norm_scale for group in task.groups]
        sums = [scale.sum() for scale in scales if scale is not None]
        return self._strength * torch.stack(sums).sum() if sums else None

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return |γ| of each channel."""
        if group.norm_scale is None:
            raise CannotScore("no norm scales these channels; choose a backbone with batch norms")
        return group.norm_scale
