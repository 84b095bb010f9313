"""EagleEye: try random widths, keep the cut that costs least (Li et al., ECCV 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask, Scores
from reidbench_plugins.methods.reconstruction.readers import places
from reidbench_plugins.methods.weights.l1 import magnitudes


class EagleEye(Method):
    """Draw a removal rate r_l ~ U(0, 1) for every layer, ``candidates`` times; keep the best draw.

    Within a layer the filters with the smallest L1 norm go first. A candidate is judged without
    retraining, by the training loss of its cut once batch norm is recalibrated (the paper's
    adaptive batch norm). Scores are place / r_l with the place in (0, 1) by L1 norm: under one
    threshold t for all layers, layer l loses the share t·r_l.

    Deviations:
        * The threshold brings every draw to the target, where the authors draw rates up to 0.7 and
          drop whatever misses their FLOPs: no draw is wasted, and the rates keep their ratios
          until a layer is at its floor.
        * Candidates are judged by the training loss on the calibration images instead of accuracy
          on held-out training images, because re-ID has no accuracy without a gallery.
        * 20 candidates against the authors' thousand, because each costs a recalibration.

    Raises:
        ValueError: ``candidates`` is below 1.
    """

    normalisation = "none"

    def __init__(self, *, candidates: int = 20) -> None:
        if candidates < 1:
            raise ValueError(f"option 'candidates' is {candidates}; draw at least 1")
        super().__init__(candidates=candidates)

    def prepare(self, task: RankingTask) -> None:
        """Draw the candidates and keep the one with the lowest loss, the first of equals."""
        orders = {g.name: magnitudes(g).cpu().argsort(stable=True).tolist() for g in task.groups}
        ordered = {name: places(order) for name, order in orders.items()}
        draws = [drawn(ordered, task.generator) for _ in range(self.options["candidates"])]
        self._best = draws[best([task.loss_after(draw) for draw in draws])]

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the scores of the best draw."""
        return self._best[group.name]


def drawn(ordered: Scores, generator: torch.Generator) -> Scores:
    """Return ``ordered`` places over one random rate a group."""
    # rand is in [0, 1): its complement is never 0, which the places are divided by.
    rates = 1 - torch.rand(
        len(ordered), generator=generator, device=generator.device, dtype=torch.float64
    )
    return {
        name: place / rate
        for (name, place), rate in zip(ordered.items(), rates.tolist(), strict=True)
    }


def best(losses: Sequence[float]) -> int:
    """Return the index of the lowest loss; NaN counts as the highest."""
    return min(
        range(len(losses)),
        key=lambda index: math.inf if math.isnan(losses[index]) else losses[index],
    )
