"""First-order Taylor expansion of the loss (Molchanov et al., Pruning CNNs, ICLR 2017)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Taylor(Method):
    """Score Θ(z_j) = |1/M Σ_m ∂L/∂z_jm · z_jm| an example, averaged over the examples.

    M is the number of positions of the map z_j. ``absolute`` is ``example``, the paper's, or
    ``position``: 1/M Σ_m |∂L/∂z_jm · z_jm|, as others' code has it. Under global allocation the
    core divides by each layer's L2 norm (the paper's eq. 10), which is this class's
    ``normalisation`` by default.

    Deviations:
        * Maps are taken after the batch norm and before the activation, because the activation's
          place differs between backbones.
        * There is no FLOP regulariser, because the harness meets the target itself.
        * Channels go in the rounds of the harness, where the authors take a few maps at a time.
        * Gradients are those of the network in eval mode, batch norm recalibrated, where the
          authors' is training, because every ranking looks at the same copy.
        * Groups with several producers sum the scores of each, because maps come one producer at a
          time.

    Raises:
        ValueError: ``absolute`` is neither ``example`` nor ``position``.
    """

    def __init__(self, *, absolute: str = "example") -> None:
        super().__init__(absolute=absolute)
        if absolute not in STATISTICS:
            raise ValueError(f"option 'absolute' is {absolute!r}; choose 'example' or 'position'")
        self._statistic = STATISTICS[absolute]

    def prepare(self, task: RankingTask) -> None:
        """Measure every group in one pass over the calibration images."""
        self._saliency: Mapping[str, Tensor] = task.mean_over_images(
            self._statistic, gradients=True
        )

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the mean saliency of each channel's map."""
        return self._saliency[group.name]


def saliency(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return |mean over positions of gradient x map|, (n, channels), of (n, channels, h, w)."""
    # The absolute value comes after the mean over positions and before that over examples.
    return _products(maps, gradients).mean(dim=2).abs()


def saliency_of_positions(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return the mean over positions of |gradient x map|, (n, channels), of (n, channels, h, w)."""
    return _products(maps, gradients).abs().mean(dim=2)


def _products(maps: Tensor, gradients: Tensor | None) -> Tensor:
    if gradients is None:
        raise TypeError("saliency needs the gradients of the loss")
    return (maps * gradients).flatten(2)


STATISTICS = {"example": saliency, "position": saliency_of_positions}
