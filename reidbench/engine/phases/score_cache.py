"""The score_cache of shared scores: in the store, under the key of the ranking they came from."""

from __future__ import annotations

from dataclasses import dataclass

from safetensors.torch import load_file

from reidbench.engine.channels import write_tensors
from reidbench.engine.pruning.shared_scores import SharedScores
from reidbench.plan import PruneNode
from reidbench.store import Store

SCORES_FILE = "scores.safetensors"


@dataclass(frozen=True)
class StoredScores:
    """The :class:`reidbench.engine.pruning.shared_scores.ScoreCache` of one prune phase."""

    node: PruneNode
    store: Store

    def take(self) -> SharedScores | None:
        """Return the scores, if a phase left them there."""
        key = self.node.ranking_key
        if key is None or not self.store.has(key):
            return None
        self.store.mark_used(key)
        scores = load_file(self.store.folder(key) / SCORES_FILE)
        return SharedScores(scores, self.store.meta(key)["seconds"]["ranking"])

    def put(self, shared: SharedScores) -> None:
        """Keep scores; float64 and exact."""
        key = self.node.ranking_key
        if key is None:
            return
        with self.store.writing(key) as (folder, meta):
            write_tensors(folder / SCORES_FILE, dict(shared.scores))
            meta.update(
                kind="scores",
                document=self.node.ranking_document,
                on=self.node.data.label,
                seconds={"ranking": round(shared.seconds, 3)},
            )
