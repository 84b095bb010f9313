"""The re-ranked distance: exact for pairs, and as a float32 nearness for blocks of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.sparse import csr_matrix

from reidbench.engine.retrieval.chunks import slices
from reidbench.engine.retrieval.counting import Block, error_bound
from reidbench.engine.retrieval.distances import SIMILARITY_STEP, Array
from reidbench.engine.retrieval.matches import Indices, Pairs
from reidbench.engine.retrieval.ranking import Excluded
from reidbench.engine.retrieval.reranking.encoding import relative
from reidbench.engine.retrieval.reranking.images import Images

_TERMS = 2**19  # entries compared at a time, or those of one row
_PAIRS = 2**13  # rows compared at a time
_SINGLE_ERROR = 2.0**-22  # of a few float32 operations on numbers up to 1


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


def _jaccard(overlap: Array, sums: Array) -> Array:
    """Return one minus the smaller entries over the larger ones (eq. 10), from both sums.

    It is rounded as cosines are: equal shares of different vectors become equal numbers. ``sums``
    is overwritten, because blocks of pairs are large.
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
