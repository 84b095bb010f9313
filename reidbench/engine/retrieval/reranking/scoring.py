"""Scoring a retrieval that is re-ranked by k-reciprocal encoding (Zhong et al. 2017, CVPR)."""

from __future__ import annotations

import numpy as np
import torch

from reidbench.engine.retrieval.chunks import Workers
from reidbench.engine.retrieval.counting import count_in_blocks
from reidbench.engine.retrieval.distances import Metric, MetricName, metric_named
from reidbench.engine.retrieval.features import Features
from reidbench.engine.retrieval.matches import JUNK, hits, same_identity
from reidbench.engine.retrieval.ranking import Excluded, float32_rows, full_precision
from reidbench.engine.retrieval.reranking.distances import Reranked
from reidbench.engine.retrieval.reranking.encoding import encode, find_neighbours
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.scoring import RetrievalScores, check, scores_of
from reidbench.engine.retrieval.tiles import Space, centre_of
from reidbench.errors import ReidbenchError


def score_reranked(
    query: Features,
    gallery: Features,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    metric: MetricName = "euclidean",
    max_rank: int = 50,
    chunk: int = 256,
    device: torch.device | None = None,
) -> RetrievalScores:
    """Score as `score` does, but rank by the distance of k-reciprocal re-ranking.

    Ties count against, as in `score`. No score depends on the order of the gallery, on ``chunk``
    or ``device`` (of the products), or on the number of threads. Memory beside the embeddings as
    float32: blocks of ``chunk`` rows, and a few dozen entries per image; no matrix of all pairs.

    Such scores belong in no table with those of `score`: every query has seen the whole test set.

    Raises ``Diverged`` for NaN or infinite embeddings, and ``ReidbenchError`` for what `score`
    refuses, ``k1`` or ``k2`` below 1, and a ``weight`` outside [0, 1].
    """
    rule = metric_named(metric, check(query, gallery, max_rank, chunk))
    _check_rules(k1, k2, weight)
    same = same_identity(query, gallery)
    found, excluded = hits(same, query, gallery), Excluded(same, query, gallery)
    with Workers.started(torch.get_num_threads()) as workers, full_precision():
        images = images_of(query, gallery, rule, workers, device or torch.device("cpu"))
        reranked = rerank(images, k1, k2, weight, chunk)
        distances, blocks = reranked.distances(found), reranked.blocks(excluded, chunk)
        # The nearness of these blocks is minus the distance.
        zero = np.zeros(len(query))
        counts = count_in_blocks(found.query, distances, blocks, workers, zero, 1.0)
    return scores_of(counts, query, gallery, max_rank)


def images_of(
    query: Features, gallery: Features, metric: Metric, workers: Workers, device: torch.device
) -> Images:
    """Return the images of both sides."""
    ranked = np.flatnonzero(np.concatenate([query.pids, gallery.pids]) != JUNK)
    queries, rows = float32_rows(query), float32_rows(gallery)
    space = Space(metric, centre_of(rows, metric), workers, device)
    return Images(queries, rows, ranked, space)


def rerank(images: Images, k1: int, k2: int, weight: float, chunk: int) -> Reranked:
    """Return the re-ranked distance of queries and gallery images."""
    neighbours = find_neighbours(images, max(k1, k2 - 1), chunk)
    return Reranked(images, encode(images, neighbours, k1, k2), neighbours.farthest, weight)


def _check_rules(k1: int, k2: int, weight: float) -> None:
    if k1 < 1 or k2 < 1 or not 0.0 <= weight <= 1.0:
        raise ReidbenchError(
            f"re-ranking: k1 is {k1}, k2 is {k2} and weight is {weight}; expected k1 and k2 of 1 "
            "or more and a weight in [0, 1] (the paper: 20, 6 and 0.3)"
        )
