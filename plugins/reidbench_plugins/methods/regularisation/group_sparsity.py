"""DepGraph's sparsity of whole groups (Fang et al., DepGraph, CVPR 2023)."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask, TrainingTask

TINY = 1e-12


class GroupSparsity(Method):
    """Add ργ_k w to the gradient of all that goes with channel k; rank by the group's norm I_k.

    I_k = √Σ‖w[k]‖² over every coupled parameter, γ_k = 2^(α(I_max - I_k)/(I_max - I_min)) within
    the layer (eq. 4). The authors' ``max`` normaliser makes layers comparable: I_k / I_max, which
    ranks like its square, theirs. ``strength`` is ρ, theirs on CIFAR; ``alpha`` is α.

    Deviations:
        * Biases neither count nor shrink, because they are no part of a group's parameters here.
        * All that leaves is cut at once after the sparse training, where the authors cut in 400
          steps without training in between, because scores would hardly change.
        * A penalty acts through the protocol's optimiser: under Adam a step is bounded by the
          learning rate whatever the penalty's size, where the authors' SGD multiplies it.

    Raises:
        ValueError: ``strength`` or ``alpha`` is negative.
    """

    normalisation = "none"

    def __init__(self, *, strength: float = 5e-4, alpha: float = 4.0) -> None:
        super().__init__(strength=strength, alpha=alpha)
        for name, value in (("strength", strength), ("alpha", alpha)):
            if not value >= 0:
                raise ValueError(f"option '{name}' is {value!r}; choose 0 or more")
        self._strength, self._alpha = strength, alpha

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return ρ/2 Σ γ_k‖w[k]‖² over all groups: its gradient is ργ_k w."""
        sums = []
        for group in task.groups:
            shrinkage = shrinkages(norms(group), self._alpha)
            sums += [(shrinkage * (part**2).sum(dim=1)).sum() for part in group.coupled]
        return self._strength / 2 * torch.stack(sums).sum() if sums else None

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return I_k / I_max."""
        values = norms(group)
        return values / values.max().clamp_min(TINY)


def norms(group: Group) -> Tensor:
    """Return I_k, the L2 norm of all that goes with each channel, (channels,)."""
    with torch.no_grad():  # the root of a dead channel has no gradient
        return torch.stack([(part**2).sum(dim=1) for part in group.coupled]).sum(dim=0).sqrt()


def shrinkages(importance: Tensor, alpha: float) -> Tensor:
    """Return γ of each channel, in [1, 2^alpha]; 1 for all if they are equally important."""
    lead = importance.max() - importance
    return torch.exp2(alpha * lead / lead.max().clamp_min(TINY))
