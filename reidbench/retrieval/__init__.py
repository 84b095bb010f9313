"""Retrieval evaluation: embeddings in, rank-k, mAP and mINP out, exactly and reproducibly."""

from __future__ import annotations

from reidbench.retrieval.distances import MetricName
from reidbench.retrieval.features import Diverged, Features, extract
from reidbench.retrieval.reranking import score_reranked
from reidbench.retrieval.scoring import RetrievalScores, score

__all__ = [
    "Diverged",
    "Features",
    "MetricName",
    "RetrievalScores",
    "extract",
    "score",
    "score_reranked",
]
