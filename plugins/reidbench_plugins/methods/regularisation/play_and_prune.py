"""Play and Prune (Singh et al., Adaptive Filter Pruning for Deep Model Compression, IJCAI 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reidbench.api import PrunePhase, TrainingTask
from reidbench_plugins.methods.weights.l1 import L1, magnitudes

LEAST = 0.5
"""Smallest cut of a round, as a share of the even pace: the target must be met in the end."""


class PlayAndPrune(L1):
    """Push the weakest filters with λT Σ|w| and cut by L1 norm, T the slack of the tolerance.

    The pruner (AFP) pushes the weakest ``share`` of each layer. The controller (PRC) measures after
    each of ``rounds`` rounds how much of the tolerated rise of the loss is left, T in [0, 1]; T
    scales the penalty of the next round (``strength`` is λ) and the size of this round's cut, up to
    ``speed`` times the even pace. ``tolerance`` is the rise that is tolerated, as a share of the
    loss at the start.

    Deviations:
        * The slack is of the training loss on the calibration images instead of accuracy on
          held-out ones, because no method of this benchmark sees any others.
        * T is divided by the tolerance and limited to 1, because losses have no fixed range.
        * The target is fixed and met in the last round, where the authors prune until no slack is
          left; so a round without slack still cuts, by half the even pace.
        * The cut is a reduction of MACs shared evenly by the layers, where the authors scale a
          threshold of each layer that a search finds.
        * Values of the options are ours, because the authors' belong to their data and accuracy.
        * A penalty acts through the protocol's optimiser: under Adam a step is bounded by the
          learning rate whatever the penalty's size, where the authors' SGD multiplies it.

    Raises:
        ValueError: an option is out of its range.
    """

    def __init__(
        self,
        *,
        strength: float = 5e-4,
        share: float = 0.1,
        tolerance: float = 0.1,
        speed: float = 2.0,
        rounds: int = 5,
    ) -> None:
        super().__init__(
            strength=strength, share=share, tolerance=tolerance, speed=speed, rounds=rounds
        )
        _require("strength", strength, strength >= 0, "0 or more")
        _require("share", share, 0 < share <= 1, "a share above 0 and up to 1")
        _require("tolerance", tolerance, tolerance > 0, "a share above 0")
        _require("speed", speed, speed >= 1, "1 or more")
        _require("rounds", rounds, rounds >= 1, "1 or more")
        self._strength, self._share = strength, share
        self._tolerance, self._speed, self._rounds = tolerance, speed, rounds
        self._slack = 1.0

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return λT Σ|w| over the weakest filters of every layer."""
        sums = []
        for group in task.groups:
            norms = magnitudes(group)
            count = math.ceil(self._share * group.size)
            sums.append(norms[norms.detach().argsort(stable=True)[:count]].sum())
        return self._strength * self._slack * torch.stack(sums).sum() if sums else None

    def prune(self, phase: PrunePhase) -> None:
        """Train, measure the slack, cut accordingly; the last round goes to the target."""
        start, reduction = phase.loss(), phase.achieved
        rounds = phase.rounds(self._rounds)
        for index, (_, steps) in enumerate(rounds):
            phase.train(steps)
            if reduction >= phase.reduction:
                continue
            self._slack = slack(phase.loss(), start, self._tolerance)
            left, rounds_left = phase.reduction - reduction, len(rounds) - index
            step = pace(left, rounds_left, self._slack, self._speed)
            # The target itself, which a sum may miss by a rounding error.
            ends = rounds_left == 1 or step == left
            reduction = phase.reduction if ends else reduction + step
            phase.cut(reduction)
        phase.train(phase.steps_left)


def slack(loss: float, start: float, tolerance: float) -> float:
    """Return T in [0, 1]: 1 for a loss no higher than at the start, 0 from the tolerated one on."""
    if loss <= start:
        return 1.0
    allowed = tolerance * abs(start)
    # Without slack, too: a loss that is not a number, or one that was 0 at the start.
    return (start + allowed - loss) / allowed if loss < start + allowed else 0.0


def pace(left: float, rounds: int, slack: float, speed: float) -> float:
    """Return how much of the reduction that is ``left`` to cut now, in the first of ``rounds``."""
    return min(left, left / rounds * max(LEAST, speed * slack))


def _require(name: str, value: float, fits: bool, choice: str) -> None:
    if not fits:
        raise ValueError(f"option '{name}' is {value!r}; choose {choice}")
