"""One prune phase: its network, its budget, and all that a method may do with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isclose

import torch
from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.tasks import PrunePhase, Scores
from reidbench.engine.channels import PruningPlan
from reidbench.engine.pruning.calibration import calibration_loss
from reidbench.engine.pruning.contract import (
    checked_steps,
    has_training_hooks,
    is_on_target,
    refits,
    refuse_undeclared_loss,
    refuse_unfinished,
    refuse_unsound,
)
from reidbench.engine.pruning.cut_planner import CutPlanner
from reidbench.engine.pruning.prunable_network import PrunableNetwork, highest
from reidbench.engine.pruning.ranker import Ranker
from reidbench.engine.pruning.ranking import Ranking
from reidbench.engine.pruning.refitting import refit
from reidbench.engine.pruning.replay import Replay
from reidbench.engine.pruning.score_cache import ScoreCache
from reidbench.engine.pruning.strategies import STRATEGIES, rounds
from reidbench.engine.pruning.torch_settings import unchanged
from reidbench.engine.pruning.training_hooks import TrainingHooks
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Network, Trainer, derived_seed
from reidbench.engine.training.checkpoints import Checkpoints
from reidbench.engine.training.seeds import isolated
from reidbench.plan import PruneNode


@dataclass
class Pruning(PrunePhase):
    """The prune phase that a strategy or a method's own schedule spends.

    Attributes:
        just_cut: the network right after the cut that reached the reduction, recalibrated; None
            before it, and in a phase without a budget.
    """

    node: PruneNode
    method: Method
    prunable: PrunableNetwork
    trainer: Trainer
    random: torch.Generator
    stopwatch: Stopwatch
    score_cache: ScoreCache | None = None
    checkpoints: Checkpoints | None = None
    just_cut: Network | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._planner = CutPlanner(self.prunable, self.method, self.node.method)
        self._ranker = Ranker(
            self._planner,
            self.node.seed,
            self.trainer,
            self.random,
            self.stopwatch,
            self.score_cache,
        )
        self._replay = Replay(self, self.checkpoints)

    @property
    def reduction(self) -> float:
        """The reduction to reach."""
        return self.node.reduction

    @property
    def achieved(self) -> float:
        """The reduction of MACs reached so far."""
        return self.prunable.achieved

    @property
    def steps(self) -> int:
        """Optimiser steps of the phase."""
        return self.trainer.steps

    @property
    def steps_left(self) -> int:
        """Optimiser steps not spent yet."""
        return self.trainer.steps - self.trainer.done

    @property
    def active_steps(self) -> int:
        """Steps in which pruning should be complete: of joined phases, of the last one's budget."""
        last = self.trainer.stages[-1].steps if self.trainer.stages else 0
        return self.steps - last + round(self.node.rules.pruning.active * last)

    def run(self) -> None:
        """Spend the phase as the record or the suite says."""
        refuse_unsound(self.method, self.node.method)
        # A method that draws from global generators stays reproducible.
        with isolated(derived_seed(self.node.seed, "method")), unchanged(self.node.method.label):
            # One that keeps everything has no strategy, whichever its record names.
            if self.node.method.record.prunes == "nothing":
                self.method.prune(self)
            else:
                strategy = STRATEGIES[self.node.method.strategy]
                strategy(self, self.method, self.prunable.protocol.pruning)

    def rounds(self, count: int) -> Sequence[tuple[float, int]]:
        """Divide the active steps into rounds: progress in (0, 1], and steps, of each."""
        return rounds(self.active_steps, count)

    def rank(self, reduction: float | None = None) -> Scores:
        """Return the method's checked scores by group, of the network as it is."""
        reduction = self.reduction if reduction is None else reduction
        self._replay.has_asked = True
        return self._ranker.rank(reduction)

    def cut(self, reduction: float, scores: Scores | None = None) -> dict[str, Tensor]:
        """Remove channels for good; momentum of what stays goes on. Return what was kept."""
        replay, ranking = self._replay, None
        if replay.is_skipping:
            return {}
        replay.has_asked = True
        if scores is None:
            scores, ranking = self._ranker.scores_for_cut(reduction)
        elif refits(self.method):
            ranking = self._ranker.ranking(reduction)
        plan = self._planner.plan(scores, reduction)
        kept = self.prunable.relative(plan).kept
        self._remove(plan, ranking)
        replay.is_cut = isclose(reduction, self.reduction)
        return {name: torch.tensor(kept[name]) for name in scores}

    def soften(self, reduction: float, scores: Scores | None = None) -> dict[str, Tensor]:
        """Rank, and shrink filters that may grow back. Return which shrank."""
        if self._replay.is_skipping:
            return {}
        self._replay.has_asked = True
        if scores is None:
            scores = self._ranker.rank(reduction)
        plan = self._planner.plan(scores, reduction)
        if refits(self.method):
            self._ranker.keep_last_trained()
        with self.stopwatch.running("cutting"):
            method, optimiser = self.method, self.trainer.optimiser
            self.prunable.soften(plan, optimiser, method.soft_factor, method.soft_norms)
        return self._planner.removed(plan, scores)

    def layers(self, reduction: float) -> Iterator[float]:
        """Cut one group after another, each ranked when its turn comes; yield the share done."""
        replay = self._replay
        if not replay.is_skipping:
            scores = self._ranker.scores_for_widths(reduction)
            replay.final, replay.has_asked = self._planner.plan(scores, reduction), True
        names = [group.name for group in self.prunable.views()]
        for done, name in enumerate(names, start=1):
            if not replay.is_skipping:
                self._cut_layer(name, reduction)
                replay.is_cut = done == len(names)
            yield done / len(names)

    def _cut_layer(self, name: str, reduction: float) -> None:
        """Cut one group, ranked now, to the width that the final plan leaves it."""
        assert self._replay.final is not None
        width = len(self._replay.final.kept[name])
        if width < len(self.prunable.plan.kept[name]):
            ranking = self._ranker.ranking(reduction, only=name)
            kept = highest(self._ranker.scores(ranking)[name], width)
            self._remove(self.prunable.plan_with(name, kept), ranking)

    def loss(self) -> float:
        """Return the training loss over the calibration images, of the network as it is."""
        refuse_undeclared_loss(self.node.method)
        self._replay.has_asked = True
        with self.stopwatch.running("ranking"):
            network = self._ranker.recalibrated_copy()
            return calibration_loss(network, self.prunable.calibration, self.node.rules)

    def train(self, steps: int) -> None:
        """Train on with the phase's one learning-rate schedule."""
        steps = self._replay.skip(checked_steps(steps, self, self.node.method.label))
        with self.stopwatch.running("training"):
            self.trainer.train(steps, self._training_hooks())

    def verify(self) -> None:
        """Refuse a method that missed the reduction, or left some of its budget."""
        refuse_unfinished(self, self.node, self.prunable)

    def _remove(self, plan: PruningPlan, ranking: Ranking | None) -> None:
        if plan == self.prunable.plan and self.just_cut is not None:
            return  # nothing goes, and the network just cut is the one from before
        if ranking is not None and refits(self.method):
            with self.stopwatch.running("refitting"):
                refit(
                    self.method,
                    self.prunable.network.backbone,
                    self.prunable.relative(plan),
                    ranking,
                )
        with self.stopwatch.running("cutting"):
            self.prunable.remove(plan, self.trainer.optimiser)
        if is_on_target(self, self.node) and self.node.budget is not None:
            with self.stopwatch.running("recalibration"):
                self.just_cut = self._ranker.recalibrated_copy()

    def _training_hooks(self) -> TrainingHooks | None:
        if not has_training_hooks(self.method) or is_on_target(self, self.node):
            return None
        return TrainingHooks(
            planner=self._planner,
            reduction=self.reduction,
            groups=self.prunable.views(live=True),
            steps=self.active_steps,
            done=self.trainer.done,
        )
