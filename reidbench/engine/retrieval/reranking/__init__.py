"""Re-ranking by k-reciprocal encoding (Zhong et al. 2017), exactly, in sparse rows."""

from __future__ import annotations

from reidbench.engine.retrieval.reranking.scoring import score_reranked

__all__ = ["score_reranked"]
