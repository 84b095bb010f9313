"""Retrieval evaluation: embeddings in, rank-k, mAP and mINP out, exactly and reproducibly."""

from reidbench.engine.retrieval.distances import MetricName
from reidbench.engine.retrieval.features import Diverged, Features, extract
from reidbench.engine.retrieval.reranking.scoring import score_reranked
from reidbench.engine.retrieval.scoring import RetrievalScores, score

__all__ = [
    "Diverged",
    "Features",
    "MetricName",
    "RetrievalScores",
    "extract",
    "score",
    "score_reranked",
]
