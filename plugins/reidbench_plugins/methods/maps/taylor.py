"""First-order Taylor expansion of the loss (Molchanov et al., Pruning CNNs, ICLR 2017)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Taylor(Method):
    """Score Θ(z_j) = |1/M Σ_m ∂L/∂z_jm · z_jm| an example, averaged over the examples.

    M is the number of positions of the map z_j. Under global allocation the core divides by each
    layer's L2 norm (the paper's eq. 10), which is this class's ``normalisation`` by default.

    Deviations:
        * Maps are taken after the batch norm and before the activation, because the activation's
          place differs between backbones.
        * There is no FLOP regulariser, because the harness meets the target itself.
        * Channels go in the rounds of the harness, where the authors take a few maps at a time.

    """

    def prepare(self, task: RankingTask) -> None:
        """Measure every group in one pass over the calibration images."""
        self._saliency: Mapping[str, Tensor] = task.mean_over_images(saliency, gradients=True)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the mean saliency of each channel's map."""
        return self._saliency[group.name]


def saliency(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return |mean over positions of gradient x map|, (n, channels), of (n, channels, h, w)."""
    if gradients is None:
        raise TypeError("saliency needs the gradients of the loss")
    # The absolute value comes after the mean over positions and before that over examples.
    return (maps * gradients).flatten(2).mean(dim=2).abs()
