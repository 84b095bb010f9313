"""One prune phase: its network, its budget, and all that a method may do with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from operator import index

import torch
from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.tasks import Scores
from reidbench.engine.channels import ChannelGraph, PruningPlan
from reidbench.engine.pruning.calibration import calibration_loss
from reidbench.engine.pruning.contract import refuse_unsound
from reidbench.engine.pruning.layer_samples import Anchor
from reidbench.engine.pruning.next_plan import comparable, relative
from reidbench.engine.pruning.prunable_network import PrunableNetwork, lowest_gone
from reidbench.engine.pruning.ranking import (
    Ranking,
    RankingContext,
    checked,
    checked_scores,
    no_loss_after_cut,
)
from reidbench.engine.pruning.refitting import refit, refits
from reidbench.engine.pruning.shared_scores import ScoreCache, SharedScores
from reidbench.engine.pruning.strategies import STRATEGIES, rounds
from reidbench.engine.pruning.torch_settings import unchanged
from reidbench.engine.pruning.training_hooks import TrainingHooks, has_training_hooks
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Network, Trainer, derived_seed
from reidbench.engine.training.seeds import isolated
from reidbench.errors import Diverged, MethodError
from reidbench.plan import PruneNode


@dataclass
class Pruning:
    """The :class:`reidbench.api.PrunePhase` of one prune phase."""

    node: PruneNode
    method: Method
    prunable: PrunableNetwork
    trainer: Trainer
    random: torch.Generator
    stopwatch: Stopwatch
    score_cache: ScoreCache | None = None
    just_cut: Network | None = None
    _anchor: tuple[int, Network, ChannelGraph, PruningPlan] | None = None
    _hooks: TrainingHooks | None = None
    _rankings: int = 0

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
        with isolated(derived_seed(self.node.seed, "method")), unchanged(self._label):
            # One that keeps everything has no strategy, whatever word stands in its record.
            if self.node.method.record.prunes == "nothing":
                return self.method.prune(self)
            run = STRATEGIES[self.node.method.strategy]
            return run(self, self.method, self.prunable.protocol.pruning)

    def rounds(self, count: int) -> Sequence[tuple[float, int]]:
        """Divide the active steps into rounds: progress in (0, 1], and steps, of each."""
        return rounds(self.active_steps, count)

    def rank(self, reduction: float | None = None) -> Scores:
        """Return the method's checked scores by group, of the network as it stands."""
        return self._rank(self._ranking(self.reduction if reduction is None else reduction))

    def cut(self, reduction: float, scores: Scores | None = None) -> dict[str, Tensor]:
        """Remove channels for good; momentum of what stays goes on. Return what was kept."""
        score_cache = self.score_cache if scores is None and self._may_share else None
        if score_cache is not None:
            scores = self._taken(score_cache)
        looks = scores is None or refits(self.method)
        ranking = self._ranking(reduction) if looks else None
        if scores is None:
            assert ranking is not None
            scores = self._rank(ranking)
            if score_cache is not None and not ranking.is_for_one_cut:
                score_cache.put(SharedScores(scores, self.stopwatch.seconds["ranking"]))
        plan = self._plan(self._checked(scores), reduction)
        kept = self.prunable.relative(plan).kept
        self._remove(plan, ranking)
        return {name: torch.tensor(kept[name]) for name in scores}

    def soften(self, reduction: float, scores: Scores | None = None) -> dict[str, Tensor]:
        """Rank, and shrink filters that may grow back. Return which shrank."""
        if scores is None:
            scores = self._rank(self._ranking(reduction))
        plan = self._plan(self._checked(scores), reduction)
        if refits(self.method) and not self._anchor_is_fresh:
            self._anchored(self._copy())  # the network as it last trained, before it shrinks
        with self.stopwatch.running("cutting"):
            by = self.method
            self.prunable.soften(plan, self.trainer.optimiser, by.soft_factor, by.soft_norms)
        return self._leaves(plan, scores)

    def layers(self, reduction: float) -> Iterator[float]:
        """Cut one group after another, each ranked when its turn comes; yield the share done."""
        goal = self._plan(self._first_scores(reduction), reduction)
        names = [group.name for group in self.prunable.views()]
        for done, name in enumerate(names, start=1):
            if len(goal.kept[name]) < len(self.prunable.plan.kept[name]):
                ranking = self._ranking(reduction, only=name)
                kept = lowest_gone(self._rank(ranking)[name], len(goal.kept[name]))
                self._remove(self.prunable.without(name, goal, kept), ranking)
            yield done / len(names)

    def loss(self) -> float:
        """Return the training loss over the calibration images, of the network as it stands."""
        if self.node.method.record.data != "labels":
            raise MethodError(
                f"method '{self._label}' asks for its phase's loss, which its record rules out; "
                "declare data='labels'"
            )
        with self.stopwatch.running("ranking"):
            network = self._copy()
            return calibration_loss(network, self.prunable.calibration, self.node.rules)

    def train(self, steps: int) -> None:
        """Train on with the phase's one learning-rate schedule."""
        try:
            steps = index(steps)
        except TypeError:
            raise MethodError(
                f"method '{self._label}' asked for {steps!r} steps, which is no whole number; "
                "divide with //, or round()"
            ) from None
        if not 0 <= steps <= self.steps_left:
            raise MethodError(
                f"method '{self._label}' asked for {steps} steps with {self.steps_left} "
                f"of {self.steps} left; every method trains for the same budget"
            )
        with self.stopwatch.running("training"):
            self.trainer.train(steps, self._training_hooks())

    def verify(self) -> None:
        """Refuse a method that missed the target, or kept some of its budget."""
        if self.steps_left:
            raise MethodError(
                f"method '{self._label}' left {self.steps_left} of {self.steps} steps unspent; "
                "every method trains for the whole budget"
            )
        if not self._on_target:
            raise MethodError(
                f"method '{self._label}' reached a reduction of {self.achieved:.4f}, the target "
                f"is {self.reduction:.4f}: outside the protocol's tolerance"
            )
        if layer := self.prunable.unlike_its_plan:
            raise MethodError(
                f"method '{self._label}': '{layer}' has not the channels that its cuts left it; "
                "remove channels by phase.cut() alone, and put no other network in its place"
            )

    @property
    def _label(self) -> str:
        return self.node.method.label

    @property
    def _on_target(self) -> bool:
        return abs(self.achieved - self.reduction) <= self.node.rules.pruning.tolerance

    def _ranking(self, reduction: float, only: str | None = None) -> Ranking:
        """Return a ranking of a recalibrated copy: of all groups in scope, or of one."""
        with self.stopwatch.running("ranking"):
            network = self._copy()
        groups = tuple(v for v in self.prunable.views(network) if only in (None, v.name))
        grounds = RankingContext(
            whole=network,
            calibration=self.prunable.calibration,
            protocol=self.node.rules,
            reduction=reduction,
            anchor=self._anchored(network),
            judge=no_loss_after_cut if only else lambda scores: self._loss_after(scores, reduction),
        )
        return Ranking(
            grounds,
            method=self._label,
            data=self.node.method.record.data,
            groups=groups,
            generator=self.random,
        )

    def _copy(self) -> Network:
        """Return a recalibrated copy of the network, unless its training went astray."""
        # A loss may still be finite when the step after it was not.
        if not all(torch.isfinite(weights).all() for weights in self.prunable.network.parameters()):
            raise Diverged(f"weights are no longer finite after step {self.trainer.done}")
        return self.prunable.recalibrated()

    def _rank(self, ranking: Ranking) -> dict[str, Tensor]:
        # A method that draws from torch's global generators stays reproducible.
        seed = derived_seed(self.node.seed, "ranking", self.trainer.done)
        self._rankings += 1
        with self.stopwatch.running("ranking"), isolated(seed), unchanged(self._label):
            return checked_scores(self.method, ranking)

    @property
    def _may_share(self) -> bool:
        """Whether the method is asked once, of the network that the phase starts from."""
        one_shot = self.node.method.strategy == "one-shot"
        says_more = refits(self.method) or has_training_hooks(self.method)
        return one_shot and not says_more and not self.trainer.done and not self._rankings

    def _taken(self, score_cache: ScoreCache) -> Scores | None:
        """Return the scores that another phase found for the same network, if one did."""
        found = score_cache.take()
        if found is None:
            return None
        self._rankings += 1
        self.stopwatch.add("ranking, shared", found.seconds)
        return self._checked(found.scores)

    def _first_scores(self, reduction: float) -> Mapping[str, Tensor]:
        """Return scores that decide how many channels each group loses."""
        if self.node.method.allocation == "global":
            return self._rank(self._ranking(reduction))
        # Under uniform allocation widths do not depend on scores, so any will do.
        return {group.name: torch.zeros(group.size) for group in self.prunable.views()}

    def _anchored(self, copy: Network) -> Anchor:
        """Return the network as it last trained: the first copy made since."""
        if not self._anchor_is_fresh:
            own = deepcopy(copy)  # methods hold the other one
            self._anchor = (self.trainer.done, own, self.prunable.graph, self.prunable.plan)
        assert self._anchor is not None
        _, network, graph, plan = self._anchor
        return Anchor(network, graph, relative(self.prunable.plan, plan))

    @property
    def _anchor_is_fresh(self) -> bool:
        return self._anchor is not None and self._anchor[0] == self.trainer.done

    def _remove(self, plan: PruningPlan, ranking: Ranking | None) -> None:
        if plan == self.prunable.plan and self.just_cut is not None:
            return  # nothing goes: the cut that counts has been
        if ranking is not None and refits(self.method):
            with self.stopwatch.running("refitting"):
                refit(self.method, self.prunable, self.prunable.relative(plan), ranking)
        with self.stopwatch.running("cutting"):
            self.prunable.remove(plan, self.trainer.optimiser)
            self._hooks = None
        if self._on_target and self.node.budget is not None:
            with self.stopwatch.running("recalibration"):
                self.just_cut = self._copy()

    def _training_hooks(self) -> TrainingHooks | None:
        if not has_training_hooks(self.method) or self._on_target:
            return None
        if self._hooks is None:
            self._hooks = TrainingHooks(
                method=self.method,
                label=self._label,
                groups=tuple(self.prunable.views(live=True)),
                steps=self.active_steps,
                done=self.trainer.done,
                choose=self._leaving,
            )
        return self._hooks

    def _leaving(self, scores: Scores) -> dict[str, Tensor]:
        return self._leaves(self._plan(self._checked(scores), self.reduction), scores)

    def _leaves(self, plan: PruningPlan, scores: Scores) -> dict[str, Tensor]:
        """Return which channels of the network as it is ``plan`` leaves out, by group."""
        kept = self.prunable.relative(plan).kept
        leaves = {}
        for name, scored in scores.items():
            leaves[name] = torch.ones(len(scored), dtype=torch.bool)
            leaves[name][list(kept[name])] = False
        return leaves

    def _loss_after(self, scores: Scores, reduction: float) -> float:
        network = self.prunable.copy_after(self._plan(self._checked(scores), reduction))
        return calibration_loss(network, self.prunable.calibration, self.node.rules)

    def _checked(self, scores: Scores) -> dict[str, Tensor]:
        """Return scores that a method hands over itself, checked like those of a ranking."""
        views = self.prunable.views()
        if odd := sorted({view.name for view in views} ^ set(scores)):
            raise MethodError(
                f"method '{self._label}': its scores and the groups in scope differ in "
                f"{', '.join(odd[:3])}; score every group of task.groups"
            )
        return {view.name: checked(scores[view.name], view, self._label) for view in views}

    def _plan(self, scores: Mapping[str, Tensor], reduction: float) -> PruningPlan:
        allocation = self.node.method.allocation
        if allocation == "global":
            scores = comparable(scores, self.method.normalisation)
        return self.prunable.next_plan(scores, reduction, allocation)
