"""Progressive gradient pruning (Nguyen-Meidine et al., arXiv 1906.08746)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from reidbench.api import Group, Method, PrunePhase, RankingTask, TrainingTask

SOURCES = ("pass", "training")


class Pgp(Method):
    """Score ‖∂L/∂W_j‖₁; what remains falls exponentially, part of it for good, part of it softly.

    ``gradients``: ``pass`` takes them from a pass over the calibration batches (PGP), ``training``
    adds up those of the steps since the last ranking (RPGP). After round e of ``rounds`` = E the
    MACs that remain are N exp(-d(e+1)) with d = -ln(1-target)/E; of what goes in a round, the
    weakest ``remove_ratio`` go for good and the others are zeroed. All go in the last round.

    Deviations:
        * The schedule holds for MACs instead of each layer's number of filters, because targets are
          reductions of MACs.
        * Rounds share the active steps instead of being epochs, because the phase may be short.
        * The pass is of the network in eval mode, batch norm recalibrated, because every ranking
          looks at the same copy.
        * The pass averages the norms of each batch's gradients, because a sum with signs nearly
          cancels in a trained network.
        * ``training`` takes a pass where no step was seen since the last ranking.
        * What was zeroed in a round goes first in the next, as in the authors' code, which resets
          its batch norm too so that no gradient reaches it; here it trains on, and its gradient,
          large because behind a batch norm it grows as its weights shrink, does not count.
        * Remaining shares are those at the end of a round; the authors' code is one round ahead.

    Raises:
        ValueError: an option is out of its range.
    """

    def __init__(
        self, *, gradients: str = "pass", rounds: int = 6, remove_ratio: float = 0.5
    ) -> None:
        super().__init__(gradients=gradients, rounds=rounds, remove_ratio=remove_ratio)
        if gradients not in SOURCES:
            raise ValueError(f"option 'gradients' is {gradients!r}; choose 'pass' or 'training'")
        if rounds < 1:
            raise ValueError(f"option 'rounds' is {rounds!r}; choose 1 or more")
        if not 0 <= remove_ratio <= 1:
            raise ValueError(f"option 'remove_ratio' is {remove_ratio!r}; choose a share up to 1")
        self._training, self._rounds, self._remove = gradients == "training", rounds, remove_ratio
        self._seen: dict[str, Tensor] = {}
        self._scores: Mapping[str, Tensor] = {}
        self._zeroed: dict[str, Tensor] = {}

    def after_step(self, task: TrainingTask) -> None:
        """Add up the norms of the gradients of the step just taken."""
        for group in task.groups if self._training else ():
            if group.gradient is None:
                continue
            norms, before = gradient_norms(group), self._seen.get(group.name)
            # Sums of channels that have gone since tell nothing of those that are left.
            fits = before is not None and len(before) == group.size
            self._seen[group.name] = before + norms if before is not None and fits else norms

    def prepare(self, task: RankingTask) -> None:
        """Take the sums since the last ranking, or a pass over the calibration batches."""
        sums, self._seen = self._seen, {}
        seen = all(len(sums.get(group.name, ())) == group.size for group in task.groups)
        self._scores = sums if seen else task.mean_over_gradients(gradient_norms)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the L1 norm of each filter's gradients, below 0 for what was zeroed last."""
        norms, zeroed = self._scores[group.name], self._zeroed.get(group.name)
        if zeroed is None or len(zeroed) != group.size:
            return norms
        # As little below 0 as can be: under one ranking over all layers, a layer's scores are
        # divided by their norm, of which these must be no part.
        return norms.masked_fill(zeroed.to(norms.device), -torch.finfo(norms.dtype).tiny)

    def prune(self, phase: PrunePhase) -> None:
        """Train, zero and remove in rounds; in the last one, remove all that has to go."""
        *rounds, (_, last) = phase.rounds(self._rounds)
        for progress, steps in rounds:
            if steps == 0:  # nothing was learnt since the round before
                continue
            phase.train(steps)
            reduction, scores = removed(phase.reduction, progress), phase.rank()
            weak = phase.soften(reduction, scores)
            hard = phase.achieved + self._remove * (reduction - phase.achieved)
            kept = phase.cut(hard, scores)
            self._zeroed = {name: weak[name][kept[name]] for name in weak}
        phase.train(last)
        phase.cut(phase.reduction)
        phase.train(phase.steps_left)


def gradient_norms(group: Group) -> Tensor:
    """Return ‖∂L/∂W_j‖₁ of each filter, (channels,)."""
    if group.gradient is None:
        raise TypeError(f"no gradient of the loss reached '{group.name}'")
    return group.gradient.abs().sum(dim=1)


def removed(target: float, progress: float) -> float:
    """Return the reduction at ``progress`` in (0, 1]: what remains falls exponentially."""
    return float(1 - (1 - target) ** progress)
