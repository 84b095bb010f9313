"""Pruning methods for the tests of phases, named in records as a plugin's would be."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, PrunePhase, RankingTask


class ByNorm(Method):
    """Score by the L1 norm of the filters."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return group.weight.abs().sum(dim=1)


class ByDice(Method):
    """Score at random, anew at each ranking: no two rankings agree on what should go."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return torch.rand(group.size, generator=task.generator)


class ByMaps(Method):
    """Score by the gradients and maps of the calibration images."""

    def prepare(self, task: RankingTask) -> None:
        self.means = task.mean_over_images(taylor, gradients=True)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return self.means[group.name]


def taylor(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return |mean over positions of map x gradient|, (n, channels)."""
    assert gradients is not None
    return (maps * gradients).flatten(2).mean(dim=2).abs()


class KeepsAll(Method):
    """Spend the phase on training."""

    def prune(self, phase: PrunePhase) -> None:
        phase.train(phase.steps)
