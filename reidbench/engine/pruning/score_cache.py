"""The score cache of prune phases: in the store, one ranking for all reductions and allocations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from safetensors.torch import load_file

from reidbench.api.tasks import Scores
from reidbench.engine.channels import write_tensors
from reidbench.plan import PruneNode
from reidbench.store import Store

SCORES_FILE = "scores.safetensors"


class CachedScores(NamedTuple):
    """Scores (channels,) by group, float64, and the seconds that the ranking took."""

    scores: Scores
    seconds: float


@dataclass(frozen=True)
class ScoreCache:
    """The cached scores of one prune phase: none for a strategy that ranks more than once."""

    node: PruneNode
    store: Store

    def read(self) -> CachedScores | None:
        """Return the scores, if a phase has stored them."""
        key = self.node.ranking_key
        if key is None or not self.store.has(key):
            return None
        self.store.mark_used(key)
        scores = load_file(self.store.folder(key) / SCORES_FILE)
        return CachedScores(scores, self.store.meta(key)["seconds"]["ranking"])

    def write(self, scores: CachedScores) -> None:
        """Store scores, float64 and exact."""
        key = self.node.ranking_key
        if key is None:
            return
        with self.store.writing(key) as (folder, meta):
            write_tensors(folder / SCORES_FILE, dict(scores.scores))
            meta.update(
                kind="scores",
                document=self.node.ranking_document,
                on=self.node.data.label,
                seconds={"ranking": round(scores.seconds, 3)},
            )
