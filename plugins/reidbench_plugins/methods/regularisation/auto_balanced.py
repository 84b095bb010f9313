"""Auto-balanced filter pruning (Ding et al., AAAI 2018)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reidbench.api import TrainingTask
from reidbench_plugins.methods.weights.l1 import L1, magnitudes

TINY = 1e-8
"""The ε that keeps logarithms and quotients finite."""


class AutoBalanced(L1):
    """Shrink weak filters and strengthen the others as much: L + αS(P) + τS(R), τ = -αS(P)/S(R).

    P holds the filters that would leave now, R the others; S sums λ_j‖W_j‖₂² over a set, with
    λ_j = 1 + log(θ/(M_j+ε)) in P, and -1 - log(M_j/(θ+ε)) in R, where M_j = ‖W_j‖₁ and θ is the
    smallest of R in the layer. λ, θ and τ carry no gradient. In the end the smallest M_j leave.
    ``alpha`` is α.

    Deviations:
        * α is 5e-4, from others' code, because the authors' value is not known.
        * P grows with the share of the active steps that is done, because the authors' stages
          would not fit every budget; filters of P leave together at the end.
        * τ never exceeds α, because S(R) may come near 0 and filters would then grow without bound.
        * Groups of coupled channels choose together, where the authors let one pacesetter layer of
          a stage choose for the others.
        * θ and M_j are at least ε, because layers may be dead.
        * A penalty acts through the protocol's optimiser: under Adam a step is bounded by the
          learning rate whatever the penalty's size, where the authors' SGD multiplies it.

    Raises:
        ValueError: ``alpha`` is negative.
    """

    def __init__(self, *, alpha: float = 5e-4) -> None:
        super().__init__(alpha=alpha)
        if not alpha >= 0:
            raise ValueError(f"option 'alpha' is {alpha!r}; choose 0 or more")
        self._alpha = alpha

    def penalty(self, task: TrainingTask) -> Tensor | None:
        """Return αS(P) + τS(R): near 0 as a number, by its balance, but not so its gradient."""
        layers = {group.name: magnitudes(group).detach() for group in task.groups}
        leaving = task.leaving(layers)
        weak, strong = [], []
        for group in task.groups:
            norms = layers[group.name]
            goes = weakest(leaving[group.name].to(norms.device), norms, task.progress)
            energies = factors(norms, goes) * (group.weight**2).sum(dim=1)
            weak.append(energies[goes].sum())
            strong.append(energies[~goes].sum())
        if not weak:
            return None
        shrinking, growing = torch.stack(weak).sum(), torch.stack(strong).sum()
        balance = shrinking.detach() / (-growing.detach()).clamp_min(TINY)
        return self._alpha * (shrinking + balance.clamp(max=1) * growing)


def weakest(leaving: Tensor, magnitudes: Tensor, progress: float) -> Tensor:
    """Return P: the weakest ``progress`` of the channels that are ``leaving``, rounded up."""
    count = math.ceil(progress * int(leaving.sum()))
    order = magnitudes.masked_fill(~leaving, math.inf).argsort(stable=True)
    chosen = torch.zeros_like(leaving)
    chosen[order[:count]] = True
    return chosen


def factors(magnitudes: Tensor, leaving: Tensor, epsilon: float = TINY) -> Tensor:
    """Return λ of each filter of a layer, (channels,): positive in P, negative in R."""
    kept = magnitudes[~leaving]
    theta = (kept.min() if len(kept) else magnitudes.max()).clamp_min(epsilon)
    shrink = 1 + (theta / (magnitudes + epsilon)).log()
    grow = -1 - (magnitudes.clamp_min(epsilon) / (theta + epsilon)).log()
    return torch.where(leaving, shrink, grow)
