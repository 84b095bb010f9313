"""Methods that are wrong on purpose: they leave something behind, or hang on what others left."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from reidbench.api import Group, Method, PrunePhase, RankingTask, TrainingTask
from tests.testing.wrong import Sound


def live(task: TrainingTask) -> list[Tensor]:
    """Return parameters behind the live groups."""
    behind = [view._base for group in task.groups for view in group.coupled]
    return [own for own in behind if own is not None and own.is_leaf]


class WritesInShare(Sound):
    """Shrink live weights when asked how much to prune."""

    seen: tuple[Tensor, ...] = ()

    def penalty(self, task: TrainingTask) -> Tensor | None:
        self.seen = tuple(live(task))
        return None

    def pruned_share(self, progress: float) -> float:
        with torch.no_grad():
            for weights in self.seen:
                weights.mul_(0.99)
        return progress


class HooksWeights(Sound):
    """Halve gradients from then on."""

    def penalty(self, task: TrainingTask) -> Tensor | None:
        for weights in live(task):
            weights.register_hook(lambda slope: slope * 0.5)
        return None


class HooksSteps(Sound):
    """Shrink weights as soon as their gradient is there."""

    def penalty(self, task: TrainingTask) -> Tensor | None:
        for weights in live(task):
            weights.register_post_accumulate_grad_hook(self._shrink)
        return None

    @staticmethod
    def _shrink(weights: Tensor) -> None:
        weights.data.mul_(0.99)


class HooksState(Sound):
    """Forget a hook of a rarer kind."""

    def prepare(self, task: RankingTask) -> None:
        next(task.network.children()).register_state_dict_pre_hook(lambda *_: None)


class ReplacesForward(Sound):
    """Forget a function put in the place of a module's own."""

    def prepare(self, task: RankingTask) -> None:
        module = next(task.network.children())
        forward = module.forward
        module.forward = lambda maps: forward(maps)


class SetsThreads(Sound):
    """Use as many threads as it likes."""

    def prepare(self, task: RankingTask) -> None:
        torch.set_num_threads(torch.get_num_threads() + 1)


class SwitchesGradientsOff(Sound):
    """Forget to switch gradients on again."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        torch.set_grad_enabled(False)
        return super().scores(group, task)


class HooksEverything(Sound):
    """Bend the convolutions of whoever trains next."""

    def prepare(self, task: RankingTask) -> None:
        torch.nn.modules.module.register_module_forward_hook(lambda *_: None)


class SetsPrecisionOnce(Sound):
    """Ask for double precision everywhere."""

    def __init__(self) -> None:
        super().__init__()
        torch.set_default_dtype(torch.float64)


class SetsInSchedule(Sound):
    """Leave algorithms deterministic when the schedule is over."""

    def prune(self, phase: PrunePhase) -> None:
        phase.cut(phase.reduction)
        phase.train(phase.steps_left)
        torch.use_deterministic_algorithms(True)


class Counts(Sound):
    """Score by how many groups came before."""

    def prepare(self, task: RankingTask) -> None:
        self.count = 0

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        self.count += 1
        return super().scores(group, task).roll(self.count)


class SeedsByHash(Method):
    """Draw from a generator that differs between processes."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        own = torch.Generator().manual_seed(hash(group.name) % 2**31)
        return torch.rand(group.size, generator=own)


class CachesByName(Sound):
    """Keep scores for the next network whose groups are called the same."""

    cache: ClassVar[dict[tuple[str, int], Tensor]] = {}

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        key = group.name, group.size
        if key not in self.cache:
            self.cache[key] = super().scores(group, task).clone()
        return self.cache[key]
