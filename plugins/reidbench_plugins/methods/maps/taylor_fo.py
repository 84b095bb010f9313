"""Squared first-order Taylor terms (Molchanov et al., Importance Estimation, CVPR 2019)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class TaylorFo(Method):
    """Score the squared first-order change of a batch's loss without channel j, averaged.

    ``form`` is ``gate``: (Σ ∂L/∂z_j · z_j)², summed over batch and positions, which is the paper's
    squared gradient of a gate that multiplies the map after the batch norm; ``weight``:
    Σ_w (w ∂L/∂w)² over the filter's weights; or ``filter``: (Σ_w w ∂L/∂w)².

    Deviations:
        * Gradients are those of the network in eval mode, batch norm recalibrated, where the
          authors' is training, because every ranking looks at the same copy.
        * Channels go in the rounds of the harness, where the authors take 100 every 30 batches.
        * The batch whose sum is squared is one of the calibration's, the same for all methods; its
          size weighs in the ranking.
        * Scores are of the latest ranking alone, where the authors average them over rounds.
        * Groups with several producers sum their squares, where the authors' shared gates square
          the sum and divide it by the number of blocks, because the maps come one producer at
          a time.

    Raises:
        ValueError: ``form`` is none of these.
    """

    # The paper compares the layers as they are: the loss is the common unit.
    normalisation = "none"

    def __init__(self, *, form: str = "gate") -> None:
        super().__init__(form=form)
        if form not in ("gate", *OF_WEIGHTS):
            raise ValueError(f"option 'form' is {form!r}; choose 'gate', 'weight' or 'filter'")
        self._form = form

    def prepare(self, task: RankingTask) -> None:
        """Measure every group in one pass over the calibration images."""
        self._change: Mapping[str, Tensor]
        if self._form == "gate":
            self._change = task.mean_over_images(gate, gradients=True)
        else:
            self._change = task.mean_over_gradients(OF_WEIGHTS[self._form])

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each channel's mean squared change of the loss."""
        return self._change[group.name]


def gate(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return (sum over batch and positions of gradient x map)², the same for every image.

    The batch has one value a channel; (n, channels) repeats it, so that the mean over images is
    the mean over batches.
    """
    if gradients is None:
        raise TypeError("gate needs the gradients of the loss")
    return (maps * gradients).sum(dim=(0, 2, 3)).square().expand(len(maps), -1)


def weight(group: Group) -> Tensor:
    """Return the sum over a filter's weights of (weight x gradient)², (channels,)."""
    return _products(group).square().sum(dim=1)


def whole_filter(group: Group) -> Tensor:
    """Return the square of a filter's sum of weight x gradient, (channels,)."""
    return _products(group).sum(dim=1).square()


def _products(group: Group) -> Tensor:
    if group.gradient is None:
        raise TypeError("the weights' forms need the gradients of the loss")
    return group.weight * group.gradient


OF_WEIGHTS = {"weight": weight, "filter": whole_filter}
