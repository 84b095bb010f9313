"""Scoring a retrieval that is re-ranked by k-reciprocal encoding (Zhong et al. 2017, CVPR).

The distance of a query p and a gallery image g is (1 - weight) J(p, g) + weight d(p, g) / max d(p, ·)
(eq. 12). J is the Jaccard distance of their vectors (eq. 10); a vector holds exp(-d / max d) over the
image's k-reciprocal set of k1 neighbours (eq. 7), divided by its sum, averaged over its k2 nearest
images with itself among them (eq. 11). d is the *squared* Euclidean distance, or one minus the cosine,
which is half the squared distance of the embeddings at length 1; the maximum is over all queries and
gallery images. Neighbours are other queries and gallery images alike, of any camera, but never junk.

Deviations:
    * The equations are read as the authors' code reads them (vectors divided by their sum,
      squared distances over the row's largest, more than 2/3 for at least 2/3, the image itself
      on top of k1 and among k2), because published numbers come from it.
    * Images that tie across the k-th place are left out, where the code takes the first in the
      list, because a collapsed network must not score by the order of its gallery.
    * Vectors are in whole steps of 2^-50 and J in steps of 2^-30, because sums of whole numbers
      do not depend on their order, and equal overlaps must be equal numbers.
"""

from __future__ import annotations

import numpy as np
import torch

from reidbench.engine.retrieval.chunks import Workers
from reidbench.engine.retrieval.counting import HitCounts, count_in_blocks
from reidbench.engine.retrieval.distances import Metric, MetricName, metric_named
from reidbench.engine.retrieval.features import Features
from reidbench.engine.retrieval.matches import JUNK, hits, same_identity
from reidbench.engine.retrieval.ranking import Positives, float32_rows, full_precision
from reidbench.engine.retrieval.reranking.distances import Reranked
from reidbench.engine.retrieval.reranking.encoding import encode
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.reranking.neighbours import find_neighbours
from reidbench.engine.retrieval.scoring import RetrievalScores, check, scores_of
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
    largest = check(query, gallery, max_rank, chunk)
    _check_rules(k1, k2, weight)
    rule, device = metric_named(metric, largest), device or torch.device("cpu")
    with Workers.started(torch.get_num_threads()) as workers, full_precision():
        images = images_of(query, gallery, rule, workers, device)
        reranked = rerank(images, k1, k2, weight, chunk)
        counts = _count_negatives_ahead(reranked, query, gallery, chunk)
    return scores_of(counts, query, gallery, max_rank)


def _count_negatives_ahead(
    reranked: Reranked, query: Features, gallery: Features, chunk: int
) -> HitCounts:
    """Count, for every hit, the valid negatives at least as near, as `ranking` does."""
    same = same_identity(query, gallery)
    found = hits(same, query, gallery)
    positives = Positives(same, reranked.images.width, len(query))
    return count_in_blocks(
        found.query,
        reranked.distances(found),
        reranked.blocks(positives, gallery.pids == JUNK, chunk),
        reranked.images.workers,
        terms=np.zeros(len(query)),  # the nearness is minus the distance
        weight=1.0,
    )


def rerank(images: Images, k1: int, k2: int, weight: float, chunk: int) -> Reranked:
    """Return the re-ranked distance among images."""
    neighbours = find_neighbours(images, max(k1, k2 - 1), chunk)
    return Reranked(images, encode(images, neighbours, k1, k2), neighbours.farthest, weight)


def images_of(
    query: Features, gallery: Features, metric: Metric, workers: Workers, device: torch.device
) -> Images:
    """Return the images of both sides."""
    ranked = np.concatenate([query.pids, gallery.pids]) != JUNK
    return Images(
        float32_rows(query), float32_rows(gallery), np.flatnonzero(ranked), metric, workers, device
    )


def _check_rules(k1: int, k2: int, weight: float) -> None:
    if k1 < 1 or k2 < 1 or not 0.0 <= weight <= 1.0:
        raise ReidbenchError(
            f"re-ranking: k1 is {k1}, k2 is {k2} and weight is {weight}; expected k1 and k2 of 1 "
            "or more and a weight in [0, 1] (the paper: 20, 6 and 0.3)"
        )
