"""Scoring a retrieval by the distance of k-reciprocal encoding (Zhong et al. 2017, CVPR)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.sparse import csr_matrix

from reidbench.engine.retrieval.chunks import Workers, slices
from reidbench.engine.retrieval.counting import Block, count_in_blocks, error_bound
from reidbench.engine.retrieval.distances import (
    SIMILARITY_STEP,
    Array,
    Metric,
    MetricName,
    metric_named,
)
from reidbench.engine.retrieval.features import Features
from reidbench.engine.retrieval.matches import JUNK, Indices, Pairs, hits, same_identity
from reidbench.engine.retrieval.ranking import Excluded, float32_rows, full_precision
from reidbench.engine.retrieval.reranking.encoding import encode, find_neighbours, relative
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.scoring import RetrievalScores, check, scores_of
from reidbench.engine.retrieval.tiles import Space, centre_of
from reidbench.errors import ReidbenchError

_TERMS = 2**19  # entries compared at a time, or those of one row
_PAIRS = 2**13  # rows compared at a time
_SINGLE_ERROR = 2.0**-22  # of a few float32 operations on numbers up to 1


def score_reranked(
    query: Features,
    gallery: Features,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    metric: MetricName = "euclidean",
    max_rank: int = 50,
    chunk: int = 128,
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
    if k1 < 1 or k2 < 1 or not 0.0 <= weight <= 1.0:
        raise ReidbenchError(
            f"re-ranking: k1 is {k1}, k2 is {k2} and weight is {weight}; expected k1 and k2 of 1 "
            "or more and a weight in [0, 1] (the paper: 20, 6 and 0.3)"
        )
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
    return Images(queries, rows, ranked, Space(metric, centre_of(rows, metric), workers, device))


@dataclass(frozen=True)
class Reranked:
    """The distance (1 - weight) * Jaccard + weight * distance / farthest of query and gallery.

    ``vectors`` encode all images, ``farthest`` ``(n,)`` is the largest distance from each.
    """

    images: Images
    vectors: csr_matrix
    farthest: Array
    weight: float

    @cached_property
    def sums(self) -> Array:
        """The sum of the entries of each vector ``(n,)``."""
        return np.asarray(self.vectors.sum(axis=1, dtype=np.int64), dtype=np.float64).ravel()

    def distances(self, pairs: Pairs) -> Array:
        """Return the exact distance ``(p,)`` of pairs of a query and a gallery image."""
        right = pairs.gallery + len(self.images.query)
        overlap = _pair_overlaps(self.vectors, pairs.query, right)
        result = (1.0 - self.weight) * _jaccard(overlap, self.sums[pairs.query] + self.sums[right])
        if self.weight:
            distance = self.images.distances(pairs.query, right)
            result += self.weight * relative(distance, self.farthest[pairs.query])
        return result

    def blocks(self, excluded: Excluded, chunk: int) -> Iterator[Block]:
        """Yield minus the distances of queries to the gallery, ``chunk`` queries at a time."""
        space, size, sums = self.images.space, len(self.images.query), self.sums
        queries = space.queries(self.images.query)
        scale = self.weight / space.metric.weight * relative(np.ones(size), self.farthest[:size])
        for tile in space.tiles(self.images.gallery):
            error = scale * error_bound(queries, tile, space.metric) + _SINGLE_ERROR
            rows = slice(size + tile.span.start, size + tile.span.stop)
            index = self.vectors[rows].T.tocsr().astype(np.float64)
            for span in slices(size, chunk):
                overlap = _block_overlaps(self.vectors[span], index)
                result = _jaccard(overlap, sums[span, None] + sums[rows])
                result *= 1.0 - self.weight
                distance = queries.terms[span, None] - queries.nearness(span, tile).cpu().numpy()
                distance *= scale[span, None]
                result += distance
                nearness = torch.from_numpy(result.astype(np.float32)).neg_()
                nearness = excluded.hide(nearness, span, tile.span)
                yield Block(span, tile.span.start, nearness, error, self.distances)


def rerank(images: Images, k1: int, k2: int, weight: float, chunk: int) -> Reranked:
    """Return the re-ranked distance of queries and gallery images."""
    neighbours = find_neighbours(images, max(k1, k2 - 1), chunk)
    return Reranked(images, encode(images, neighbours, k1, k2), neighbours.farthest, weight)


def _jaccard(overlap: Array, sums: Array) -> Array:
    """Return one minus the smaller entries over the larger ones (eq. 10); overwrite ``sums``.

    It is rounded as cosines are: equal shares of different vectors become equal numbers.
    """
    share = sums
    share -= overlap
    np.divide(overlap, share, out=share)
    share /= SIMILARITY_STEP
    np.rint(share, out=share)
    share *= -SIMILARITY_STEP
    share += 1.0
    return share


def _pair_overlaps(vectors: csr_matrix, left: Indices, right: Indices) -> Array:
    """Return the sum of the smaller entries ``(p,)`` of every pair of rows."""
    parts = (
        np.asarray(vectors[left[part]].minimum(vectors[right[part]]).sum(axis=1)).ravel()
        for part in slices(len(left), _PAIRS)
    )
    return np.concatenate([np.empty(0), *parts])


def _block_overlaps(rows: csr_matrix, index: csr_matrix) -> Array:
    """Return the sum of the smaller entries ``(c, t)`` of every row and every column of ``index``.

    The entries are integers below 2^53, so their sums are exact whatever their order.
    """
    count, terms = rows.shape[0], int(np.diff(index.indptr)[rows.indices].sum())
    if terms > _TERMS and count > 1:
        halves = rows[: count // 2], rows[count // 2 :]
        return np.vstack([_block_overlaps(half, index) for half in halves])
    shared = index[rows.indices]  # for each entry of a row, the vectors that have it too
    shared.data = np.minimum(shared.data, np.repeat(rows.data, np.diff(shared.indptr)))
    entries = (np.ones(rows.nnz), np.arange(rows.nnz), rows.indptr)
    overlaps: Array = (csr_matrix(entries, (count, rows.nnz)) @ shared).toarray()
    return overlaps
