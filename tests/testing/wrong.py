"""Methods that are wrong on purpose, each in one way; and sound ones beside them."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from reidbench.api import CannotScore, Group, Method, PrunePhase, RankingTask, TrainingTask
from reidbench.engine.phases.context import PhaseContext


class Sound(Method):
    """Score by the L1 norm of the filters."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return group.weight.abs().sum(dim=1)


class SoundGuide(Sound):
    """Push filters to zero with a penalty, and look at the gradients after each step."""

    def penalty(self, task: TrainingTask) -> Tensor | None:
        return 1e-4 * torch.stack([group.weight.abs().sum() for group in task.groups]).sum()

    def after_step(self, task: TrainingTask) -> None:
        self.seen = [group.gradient for group in task.groups]


class SoundSchedule(Method):
    """Cut in an own schedule by scores of its own, with no scores() for the harness to ask."""

    def prune(self, phase: PrunePhase) -> None:
        phase.train(phase.active_steps)
        names = [group.name for group in phase.prunable.views()]  # type: ignore[attr-defined]
        sizes = [group.size for group in phase.prunable.views()]  # type: ignore[attr-defined]
        scores = {n: torch.arange(float(s)) for n, s in zip(names, sizes, strict=True)}
        phase.cut(phase.reduction, scores)
        phase.train(phase.steps_left)


class StopsShort(Sound):
    """Cut to half the target."""

    def prune(self, phase: PrunePhase) -> None:
        phase.cut(phase.reduction / 2)
        phase.train(phase.steps_left)


class LeavesSteps(Sound):
    """Cut, and rest before the end."""

    def prune(self, phase: PrunePhase) -> None:
        phase.cut(phase.reduction)
        phase.train(phase.steps_left - 3)


class WritesInScores(Sound):
    """Zero a weight of the copy it looks at."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        values = super().scores(group, task)
        with torch.no_grad():
            group.coupled[0][0] = 0
        return values


class LeavesTraining(Sound):
    """Forget to go back to eval mode."""

    def prepare(self, task: RankingTask) -> None:
        task.network.train()


class LeavesHooks(Sound):
    """Forget to remove a hook."""

    def prepare(self, task: RankingTask) -> None:
        next(task.network.children()).register_forward_hook(lambda *_: None)


class LeavesGradients(Sound):
    """Forget to clear the gradients of a pass."""

    def prepare(self, task: RankingTask) -> None:
        for images, labels in task.images():
            task.loss(images, labels).backward()


class WritesImages(Sound):
    """Darken the images it is handed, which are its own."""

    def prepare(self, task: RankingTask) -> None:
        for images, _ in task.images():
            images.mul_(0.5)


class WritesInPenalty(Sound):
    """Shrink the live weights instead of asking the loss to."""

    def penalty(self, task: TrainingTask) -> Tensor | None:
        for group in task.groups:
            group.coupled[0].data.mul_(0.99)
        return None


class WritesAfterStep(Sound):
    """Shrink the live weights after each step."""

    def after_step(self, task: TrainingTask) -> None:
        with torch.no_grad():
            for group in task.groups:
                group.coupled[0].mul_(0.99)


class WritesWeightInScores(Sound):
    """Zero filters through ``group.weight``, a copy, so that nothing happens."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        values = super().scores(group, task)
        group.weight.data[0] = 0
        filters = group.weight
        filters.data[0] = 0
        return values


class WritesWeightAfterStep(Sound):
    """Shrink filters after each step through ``group.weight``, a copy."""

    def after_step(self, task: TrainingTask) -> None:
        for group in task.groups:
            weight = group.weight
            weight.data.mul_(0.99)


class WritesWeightInPenalty(Sound):
    """Shrink filters in each step through ``group.weight``, a copy."""

    def penalty(self, task: TrainingTask) -> Tensor | None:
        for group in task.groups:
            weight = group.weight
            with torch.no_grad():
                weight.mul_(0.99)
        return None


class WritesGradient(Sound):
    """Clear the gradients of filters through ``group.gradient``, a copy."""

    def after_step(self, task: TrainingTask) -> None:
        for group in task.groups:
            if (gradient := group.gradient) is not None:
                gradient[0] = 0


class WritesNormScale(Sound):
    """Shrink the scales of norms through ``group.norm_scale``, a mean."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        values = super().scores(group, task)
        if (scale := group.norm_scale) is not None:
            scale.mul_(0.5)
        return values


class GlobalTorch(Method):
    """Draw from torch's global generator, which the harness seeds."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return torch.rand(group.size)


class GlobalTorchInPrepare(Sound):
    """Draw from torch's global generator before scoring, and add the noise to norms."""

    def prepare(self, task: RankingTask) -> None:
        self.noise = {group.name: torch.rand(group.size) for group in task.groups}

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return super().scores(group, task) + self.noise[group.name]


class GlobalNumpy(Method):
    """Draw from NumPy's global generator, which the harness seeds."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return torch.from_numpy(np.random.rand(group.size))


class GlobalPython(Method):
    """Draw from Python's global generator, which the harness seeds."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return torch.tensor([random.random() for _ in range(group.size)])


class Unseeded(Method):
    """Draw from a generator that nobody seeded."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        fresh = torch.Generator()
        fresh.seed()
        return torch.rand(group.size, generator=fresh)


class Remembers(Sound):
    """Count its instances, and score by the count."""

    made: ClassVar[list[int]] = []

    def __init__(self) -> None:
        super().__init__()
        self.made.append(1)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return super().scores(group, task).roll(len(self.made))


class NotANumber(Sound):
    """Score one channel as not a number."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        values = super().scores(group, task)
        values[-1] = torch.nan
        return values


class TooShort(Sound):
    """Score all channels but one."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return super().scores(group, task)[1:]


class Raises(Sound):
    """Break while scoring."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        raise RuntimeError("trouble\nin two lines")


class Exits(Sound):
    """End the process while scoring."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        raise SystemExit("farewell")


class RefusesAll(Method):
    """Refuse every group."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        raise CannotScore("no group suits me; use another method")


class RefusesStreams(Sound):
    """Refuse groups that several layers produce."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        if group.activation is None:
            raise CannotScore("it belongs to a residual stream; use scope 'inner'")
        return super().scores(group, task)


class RefusesSilently(Sound):
    """Refuse groups of one channel without a word."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        if group.size == 1:
            raise CannotScore
        return super().scores(group, task)


def _context_behind(phase: PrunePhase) -> Any:
    """Reach for what no method is handed: the context, which the trainer's listener closes over."""
    listener: Any = phase.trainer.on_step  # type: ignore[attr-defined]
    contents = (cell.cell_contents for cell in listener.__closure__)
    return next(value for value in contents if isinstance(value, PhaseContext))


class PeeksAtTests(Sound):
    """Reach around the task for the query images."""

    def prune(self, phase: PrunePhase) -> None:
        (data,) = _context_behind(phase)._data.values()
        self.shade = float(data.query.read(0).mean())
        phase.cut(phase.reduction)
        phase.train(phase.steps_left)


class CountsTests(PeeksAtTests):
    """Reach around the task for the identities of the queries, and let them decide."""

    def prune(self, phase: PrunePhase) -> None:
        (data,) = _context_behind(phase)._data.values()
        self.shift = int(data.query.pids.sum()) % 97
        phase.cut(phase.reduction)
        phase.train(phase.steps_left)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return super().scores(group, task).roll(getattr(self, "shift", 0))


class NeedsPairs(Method):
    """Score by how maps differ between the first two images of a batch."""

    def prepare(self, task: RankingTask) -> None:
        self.means = task.mean_over_images(
            lambda maps, _: (maps[0] - maps[1]).abs().mean(dim=(1, 2)).expand(len(maps), -1)
        )

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return self.means[group.name]


class NeedsVariety(Method):
    """Divide by the variation over all images."""

    def prepare(self, task: RankingTask) -> None:
        self.means = task.over_images(lambda maps, _: maps.mean(dim=(2, 3)))

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        means = self.means[group.name]
        spread = means - means.mean(dim=0)
        return spread.abs().mean(dim=0) / (spread.abs().max() > 1e-4)


class NeedsLiveFilters(Sound):
    """Divide by the norm of each filter."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return group.weight.sum(dim=1) / group.weight.norm(dim=1)


class LooksAtMaps(Method):
    """Score by the mean of the feature maps."""

    def prepare(self, task: RankingTask) -> None:
        self.means = task.mean_over_images(lambda maps, _: maps.mean(dim=(2, 3)))

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return self.means[group.name]


class Silent(Sound):
    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return group.weight.norm(dim=1)


class Optional(Sound):
    """Score by the L1 norm, to some power."""

    def __init__(self, *, exponent: float = 2.0) -> None:
        super().__init__(exponent=exponent)


class Strange(Sound):
    """Refuse its own default."""

    def __init__(self, *, exponent: float = 2.0) -> None:
        raise ValueError(f"option 'exponent' is {exponent}; choose 1")


class TrainsShort(Method):
    """Keep every channel, and train for a part of the phase."""

    def prune(self, phase: PrunePhase) -> None:
        phase.train(phase.steps // 2)


class NoMethod:
    """Resemble nothing."""


class LooksAtSteps(Method):
    """Score by the gradients of the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.slopes: dict[str, Tensor] = {}

    def after_step(self, task: TrainingTask) -> None:
        for group in task.groups:
            if group.gradient is not None:
                self.slopes[group.name] = group.gradient.abs().sum(dim=1)

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return self.slopes.get(group.name, torch.arange(float(group.size)))


class LooksAtLoss(Sound):
    """Train first where the loss is high."""

    def prune(self, phase: PrunePhase) -> None:
        phase.train(2 if phase.loss() > 1 else 1)
        phase.cut(phase.reduction)
        phase.train(phase.steps_left)


class Documented(Sound):
    """Score by the L1 norm, to ``some_power``."""

    def __init__(self, *, some_power: float = 2.0) -> None:
        super().__init__(some_power=some_power)


class Trains(Method):
    """Keep every channel."""

    def prune(self, phase: PrunePhase) -> None:
        phase.train(phase.steps)


class AllEqual(Method):
    """Score all alike."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        return torch.zeros(group.size)


class TakesTooFew(Method):
    """Forget the task."""

    def scores(self, group: Group) -> Tensor:  # type: ignore[override]
        return group.weight.norm(dim=1)


class Unwritten(Method):
    """Say nothing at all."""


class Penalises(Sound):
    """Break in a training step."""

    def penalty(self, task: TrainingTask) -> Tensor | None:
        raise KeyError("layer9")
