"""Has the method of a prune phase rank the network, or takes cached scores in its place."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor

from reidbench.api.tasks import Scores
from reidbench.engine.channels import ChannelGraph, PruningPlan
from reidbench.engine.pruning.contract import has_training_hooks, refits
from reidbench.engine.pruning.cut_planner import CutPlanner
from reidbench.engine.pruning.layer_samples import Anchor
from reidbench.engine.pruning.losses import ProtocolLosses
from reidbench.engine.pruning.prunable_network import relative
from reidbench.engine.pruning.ranking import Ranking, RankingContext, no_loss_after_cut
from reidbench.engine.pruning.score_cache import CachedScores, ScoreCache
from reidbench.engine.pruning.scores import checked_scores, score_groups
from reidbench.engine.pruning.torch_settings import unchanged
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Network, Trainer, derived_seed
from reidbench.engine.training.seeds import isolated
from reidbench.errors import Diverged


@dataclass
class Ranker:
    """Ranks one network by one method.

    Attributes:
        planner: knows the network, the method and how it is configured.
        seed: of the trial.
        trainer: says how far training is.
        random: the generator that rankings draw from.
        stopwatch: is charged with the seconds of each ranking.
        score_cache: spares a one-shot method rankings that another phase has done.
    """

    planner: CutPlanner
    seed: int
    trainer: Trainer
    random: torch.Generator
    stopwatch: Stopwatch
    score_cache: ScoreCache | None
    _kept: tuple[int, Network, ChannelGraph, PruningPlan] | None = field(default=None, init=False)
    """The first copy that was made since the last step, and the steps done by then."""
    _has_ranked: bool = field(default=False, init=False)

    def ranking(self, reduction: float, only: str | None = None) -> Ranking:
        """Return a ranking of a recalibrated copy: of all groups in scope, or of one."""
        planner, prunable = self.planner, self.planner.prunable
        with self.stopwatch.running("ranking"):
            network = self.recalibrated_copy()
        context = RankingContext(
            whole=network,
            calibration=prunable.calibration,
            losses=ProtocolLosses(prunable.protocol),
            reduction=reduction,
            anchor=self._anchor(network),
            loss_after_cut=no_loss_after_cut
            if only
            else lambda scores: planner.loss_after_cut(scores, reduction),
        )
        return Ranking(
            context,
            method=planner.configured.label,
            data=planner.configured.record.data,
            groups=tuple(v for v in prunable.views(network) if only in (None, v.name)),
            generator=self.random,
        )

    def scores(self, ranking: Ranking) -> dict[str, Tensor]:
        """Return the method's checked scores of the ranking's groups."""
        # A method that draws from torch's global generators stays reproducible.
        seed = derived_seed(self.seed, "ranking", self.trainer.done)
        self._has_ranked = True
        with self.stopwatch.running("ranking"), isolated(seed), unchanged(ranking.method):
            return score_groups(self.planner.method, ranking)

    def rank(self, reduction: float) -> dict[str, Tensor]:
        """Return the method's checked scores of all groups in scope."""
        return self.scores(self.ranking(reduction))

    def scores_for_widths(self, reduction: float) -> Mapping[str, Tensor]:
        """Return scores that decide how many channels a cut leaves each group."""
        if self.planner.configured.allocation == "global":
            return self.rank(reduction)
        # Under uniform allocation widths do not depend on scores, so any will do.
        return {group.name: torch.zeros(group.size) for group in self.planner.prunable.views()}

    def scores_for_cut(self, reduction: float) -> tuple[Scores, Ranking | None]:
        """Return the scores of a cut, and the ranking they are from; None if they were cached."""
        cache = self.score_cache if self._may_use_cache else None
        if cache is not None and (cached := cache.read()) is not None:
            return self._of_cache(cached), None
        ranking = self.ranking(reduction)
        scores = self.scores(ranking)
        if cache is not None and not ranking.is_for_one_cut:
            cache.write(CachedScores(scores, self.stopwatch.seconds["ranking"]))
        return scores, ranking

    def keep_last_trained(self) -> None:
        """Keep the network as it last trained, before it is changed by anything but training."""
        if self._kept is None or self._kept[0] != self.trainer.done:
            self._anchor(self.recalibrated_copy())

    def _anchor(self, copy: Network) -> Anchor:
        """Return the network as it last trained: ``copy``, unless an earlier one is kept."""
        prunable = self.planner.prunable
        if self._kept is None or self._kept[0] != self.trainer.done:
            own = deepcopy(copy)  # methods get the other one
            self._kept = (self.trainer.done, own, prunable.graph, prunable.plan)
        _, network, graph, plan = self._kept
        return Anchor(network, graph, relative(prunable.plan, plan))

    def recalibrated_copy(self) -> Network:
        """Return a copy with recalibrated batch norms.

        Raises:
            Diverged: its weights are not finite.
        """
        prunable = self.planner.prunable
        # A loss may still be finite when the step after it was not.
        if not all(torch.isfinite(weights).all() for weights in prunable.network.parameters()):
            raise Diverged(f"weights are no longer finite after step {self.trainer.done}")
        return prunable.recalibrated()

    @property
    def _may_use_cache(self) -> bool:
        """Whether the method does no more than rank once, before any training."""
        method = self.planner.method
        scores_alone = not (refits(method) or has_training_hooks(method))
        one_shot = self.planner.configured.strategy == "one-shot"
        return one_shot and scores_alone and not self.trainer.done and not self._has_ranked

    def _of_cache(self, cached: CachedScores) -> dict[str, Tensor]:
        self._has_ranked = True
        self.stopwatch.add("ranking, shared", cached.seconds)
        planner = self.planner
        return checked_scores(cached.scores, planner.prunable.views(), planner.configured.label)
