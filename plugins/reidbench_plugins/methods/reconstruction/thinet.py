"""ThiNet: keep what the next layer needs (Luo et al., ICCV 2017; TPAMI 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reidbench.api import Group, Method, NextLayer, RankingTask
from reidbench_plugins.methods.reconstruction.readers import (
    check_sampling,
    fit_near,
    places,
    sampled_readers,
)

FloatArray = npt.NDArray[np.float64]

NOTHING = 1e-12
"""Share of an energy below which what is left of it is rounding."""


class ThiNet(Method):
    """Score by a greedy order on x_c = Σ_taps W_ic · patch_c, a channel's part of an output.

    Each sample takes a random filter i at a random position of the next layer, so that the output
    there is y = Σ_c x_c (eq. 3). ``variant="iccv"`` grows the removed set T by the channel with the
    smallest ‖Σ_{T ∪ c} x_c‖² (Algorithm 1); ``"tpami"`` grows the kept set by the channel whose
    multiple explains most of what is left of y, refitting all kept ones after each (matching
    pursuit). Before the cut, kept channels are scaled by the least-squares ŵ (eq. 7).

    Deviations:
        * The greedy goes on to the last channel, because the harness decides how many go; any
          count cuts the authors' own sequence.
        * ŵ is pulled towards 1, by ``ridge`` times the mean energy of a channel, because dead or
          equal channels make the paper's normal equations singular, and because the protocol's
          few hundred images give far fewer samples than the authors' 100 000: unpulled, ŵ fits
          the noise of the random filters.
        * A short training follows each group, where the authors prune a block at a time.
        * A group that several layers read stacks their samples, which the paper does not meet.
        * Channels that explain nothing of y go by their energy in "tpami", smallest first.

    Raises:
        ValueError: an unknown ``variant``, ``points`` below 1, or ``ridge`` not above 0.
    """

    normalisation = "none"

    def __init__(self, *, variant: str = "iccv", points: int = 10, ridge: float = 1.0) -> None:
        if variant not in ORDERS:
            raise ValueError(f"option 'variant' is {variant!r}; choose {' or '.join(ORDERS)}")
        check_sampling(points, ridge)
        super().__init__(variant=variant, points=points, ridge=ridge)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each channel's place in the order of removal."""
        parts = contributions(self._readers(group, task), task.generator)
        return places(ORDERS[self.options["variant"]]((parts.T @ parts).cpu().numpy()))

    def refit(self, group: Group, kept: Tensor, task: RankingTask) -> Sequence[Tensor]:
        """Return the readers' weights times the least-squares scale of each kept channel."""
        layers = self._readers(group, task)
        parts = contributions(layers, task.generator)
        kept = kept.to(parts.device)
        output = parts.sum(dim=1, keepdim=True)
        unscaled = output.new_ones(len(kept), 1)
        scale = fit_near(parts[:, kept], output, unscaled, self.options["ridge"])
        return [layer.weight[:, kept] * scale.to(layer.weight) for layer in layers]

    def _readers(self, group: Group, task: RankingTask) -> Sequence[NextLayer]:
        return sampled_readers(group, task, self.options["points"])


def contributions(layers: Sequence[NextLayer], generator: torch.Generator) -> Tensor:
    """Return every channel's part of one random output a sample, (samples, channels), float64."""
    parts = []
    for layer in layers:
        inputs, weight = layer.inputs.double(), layer.weight.double()
        filters = torch.randint(
            len(weight), (len(inputs),), generator=generator, device=generator.device
        )
        parts.append((inputs * weight[filters.to(weight.device)]).sum(dim=2))
    return torch.cat(parts)


def grow_removed(gram: FloatArray) -> list[int]:
    """Return the channels in the order in which they go, given XᵀX of their contributions."""
    # What ‖Σ_T x‖² grows by when channel j joins T: x_j·x_j + 2 x_j·Σ_T x.
    growth = gram.diagonal().copy()
    order = []
    for _ in range(len(gram)):
        pick = int(growth.argmin())
        order.append(pick)
        growth += 2 * gram[pick]
        growth[pick] = np.inf
    return order


def grow_kept(gram: FloatArray) -> list[int]:
    """Return the channels in the order in which they go, the first to be kept last.

    Orthogonal matching pursuit on XᵀX alone: a partial Cholesky factorisation, pivoted on the
    channel that explains most of the residual.
    """
    energy = gram.diagonal().copy()
    pull = gram.sum(axis=1)  # x_j · residual
    directions: list[Any] = []  # x_j · q for every orthonormal direction q of the kept set
    kept: list[int] = []
    free = energy > 0
    while free.any():
        gain = np.where(free, pull**2 / np.where(free, energy, 1), -1)
        pick = int(gain.argmax())
        if gain[pick] <= NOTHING * energy.sum():
            break
        kept.append(pick)
        free[pick] = False
        direction = gram[pick] - sum(known[pick] * known for known in directions)
        if direction[pick] > NOTHING * energy[pick]:
            direction /= np.sqrt(direction[pick])
            pull -= pull[pick] / direction[pick] * direction
            directions.append(direction)
    rest = sorted(set(range(len(gram))) - set(kept), key=lambda channel: energy[channel])
    return rest + kept[::-1]


ORDERS = {"iccv": grow_removed, "tpami": grow_kept}
