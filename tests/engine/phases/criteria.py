"""Pruning methods for the tests of phases, named in records as a plugin's would be."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, PrunePhase, RankingTask, TrainingTask


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


ASKED: list[str] = []
"""The groups that the methods below were asked to score."""


class Counting(ByNorm):
    """Note each group that is scored."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        ASKED.append(group.name)
        return super().scores(group, task)


class AsksWhatFor(Counting):
    """Score by the reduction too."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return super().scores(group, task) ** (1 + task.reduction)


class AsksLossAfterCut(Counting):
    """Ask for the loss that a cut would leave."""

    def prepare(self, task: RankingTask) -> None:
        task.loss_after({group.name: group.weight.abs().sum(dim=1) for group in task.groups})


class Refits(Counting):
    """Override refit(), and give no weights."""

    def refit(self, group: Group, kept: Tensor, task: RankingTask) -> None:
        return None


class Penalises(Counting):
    """Override penalty(), and add none."""

    def penalty(self, task: TrainingTask) -> None:
        return None


class NotFinite(ByNorm):
    """Score with what no ranking takes."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return super().scores(group, task) * torch.nan
