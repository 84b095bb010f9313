"""Growing regularisation, GReg-1 (Wang et al., Neural Pruning via Growing Regularization, 2021)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask, TrainingTask
from reidbench_plugins.methods.weights.l1 import magnitudes


class Greg1(Method):
    """Pick filters by L1 norm once, add λw to their gradient while λ grows, then cut the picks.

    λ grows linearly from 0 to ``ceiling`` over the ``ramp`` share of the active steps, and stays
    there for the others.

    Deviations:
        * The authors' 50 000 iterations to λ = 1 and 40 000 to settle become 5/9 and 4/9 of the
          active steps, because every method has the same budget.
        * λ grows in every step instead of every fifth, because there may be a dozen of them.
        * λ does not stop early where the picks are a thousand times smaller than the others,
          because the length of training is the protocol's.
        * Filters are picked anew if channels go in between, because other strategies may cut then.
        * A penalty acts through the protocol's optimiser: under Adam a step is bounded by the
          learning rate whatever the penalty's size, where the authors' SGD multiplies it.

    Raises:
        ValueError: ``ceiling`` is negative, or ``ramp`` not in (0, 1].
    """

    def __init__(self, *, ceiling: float = 1.0, ramp: float = 5 / 9) -> None:
        super().__init__(ceiling=ceiling, ramp=ramp)
        if not ceiling >= 0:
            raise ValueError(f"option 'ceiling' is {ceiling!r}; choose 0 or more")
        if not 0 < ramp <= 1:
            raise ValueError(f"option 'ramp' is {ramp!r}; choose a share above 0 and up to 1")
        self._ceiling, self._ramp = ceiling, ramp
        self._picked: Mapping[str, Tensor] = {}

    def strength(self, progress: float) -> float:
        """Return λ at ``progress`` in (0, 1] of the active steps."""
        return self._ceiling * min(1.0, progress / self._ramp)

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return λ/2 Σw² over the picked filters: its gradient is λw."""
        if any(self._pick(group) is None for group in task.groups):
            norms = {group.name: magnitudes(group).detach() for group in task.groups}
            self._picked = task.leaving(norms)
        sums = [
            (group.weight[self._picked[group.name].to(group.weight.device)] ** 2).sum()
            for group in task.groups
        ]
        return self.strength(task.progress) / 2 * torch.stack(sums).sum() if sums else None

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the L1 norm of each filter, those of the picks moved below all others."""
        norms, picked = magnitudes(group), self._pick(group)
        if picked is None:
            return norms
        # Below 0, and so below the others of every layer, however scores are normalised.
        below = norms - norms.max() - 1
        return torch.where(picked.to(norms.device), below, norms)

    def _pick(self, group: Group) -> Tensor | None:
        """Return which channels of the group were picked; None if they are no longer the same."""
        picked = self._picked.get(group.name)
        return picked if picked is not None and len(picked) == group.size else None
