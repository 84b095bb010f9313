"""All images as one numbered list: their exact distances, their nearest and their farthest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from reidbench.engine.retrieval.chunks import slices, tile_rows, working_rows
from reidbench.engine.retrieval.counting import Block, error_bound
from reidbench.engine.retrieval.distances import Array, Rows, measure_once, pair_distances
from reidbench.engine.retrieval.matches import Indices, Pairs
from reidbench.engine.retrieval.tiles import Space

_FEW_PAIRS = 2**12  # too few to look for pairs of the same embeddings


@dataclass(frozen=True)
class Images:
    """All images by number, the queries first; ``ranked`` are those that are not junk.

    The embeddings of the two sides are not copied: at MSMT17's size that would be 0.7 GB.
    """

    query: Rows
    gallery: Rows
    ranked: Indices
    space: Space

    def rows(self, chosen: Indices) -> Rows:
        """Return the embeddings ``(c, d)`` of the chosen images."""
        rows = np.empty((len(chosen), self.query.shape[1]), dtype=np.float32)
        of_query = chosen < len(self.query)
        rows[of_query] = self.query[chosen[of_query]]
        rows[~of_query] = self.gallery[chosen[~of_query] - len(self.query)]
        return rows

    @cached_property
    def embedding(self) -> Indices:
        """Which of the distinct embeddings every image ``(n,)`` has; -1 for junk."""
        numbers: dict[bytes, int] = {}
        result = np.full(len(self.query) + len(self.gallery), -1, dtype=np.int64)
        for part in slices(len(self.ranked), working_rows(self.query.shape[1])):
            # Adding zero turns minus zero, which has other bits, into zero.
            points = self.space.metric.points(self.rows(self.ranked[part])) + 0.0
            digests = [blake2b(point, digest_size=16).digest() for point in points]
            result[self.ranked[part]] = [numbers.setdefault(key, len(numbers)) for key in digests]
        return result

    @cached_property
    def distinct(self) -> Indices:
        """An image ``(u,)`` with each distinct embedding, as the metric sees them."""
        return self.ranked[np.unique(self.embedding[self.ranked], return_index=True)[1]]

    def distances(self, left: Indices, right: Indices) -> Array:
        """Return the exact distance ``(p,)`` of every pair, of equal embeddings measured once."""
        if len(left) <= _FEW_PAIRS or len(self.distinct) == len(self.ranked):
            return self._measure(Pairs(left, right))
        return measure_once(Pairs(*self.distinct[self.embedding[[left, right]]]), self._measure)

    def _measure(self, pairs: Pairs) -> Array:
        found, size = np.empty(len(pairs.query)), len(self.query)
        metric, workers = self.space.metric, self.space.workers
        sides = ((self.query, 0), (self.gallery, size))
        for (rows, start), (others, first) in product(sides, sides):
            here = ((pairs.query >= size) == (start > 0)) & ((pairs.gallery >= size) == (first > 0))
            inside = Pairs(pairs.query[here] - start, pairs.gallery[here] - first)
            found[here] = pair_distances(rows, others, inside, metric=metric, workers=workers)
        return found


@dataclass(frozen=True)
class Best:
    """The ``(u, keep)`` distinct embeddings at the least cost from each, the least first.

    The cost is the distance times ``sign``: 1 for the nearest, -1 for the farthest. Where there are
    no more, the index is -1 and the cost infinite.
    """

    sign: float
    index: NDArray[np.int32]
    cost: Array


def find_nearest(images: Images, keep: int, chunk: int) -> tuple[Best, Array]:
    """Return the ``keep`` embeddings nearest to each distinct one, and the largest distances.

    Each is among its own nearest. A float32 product selects the few of each tile that can be among
    the nearest, given the bound of its error, and only these are measured. ``chunk`` embeddings are
    multiplied at a time.
    """
    size = len(images.distinct)
    near, far = (
        Best(sign, np.full((size, k), -1, np.int32), np.full((size, k), np.inf))
        for sign, k in ((1.0, keep), (-1.0, 1))
    )
    for block, terms in _blocks(images, chunk):
        for best in (near, far):
            _merge(best, block, *_candidates(best, block, terms, images.space.metric.weight))
    return near, -far.cost[:, 0]


def _blocks(images: Images, chunk: int) -> Iterator[tuple[Block, Array]]:
    """Yield the nearness of runs of distinct embeddings to others, and the terms of the former."""
    space, first = images.space, images.distinct

    def distances(pairs: Pairs) -> Array:
        return images.distances(first[pairs.query], first[pairs.gallery])

    # Two sides of a product and their float32 offsets are held at once.
    side = max(1, tile_rows(images.query.shape[1]) // 2)
    for rows in slices(len(first), side):
        queries = space.queries(images.rows(first[rows]))
        for columns in slices(len(first), side):
            tile = space.tile(columns, images.rows(first[columns]))
            error = error_bound(queries, tile, space.metric)
            for part in slices(len(error), chunk):
                span = slice(rows.start + part.start, rows.start + part.stop)
                nearness = queries.nearness(part, tile)
                block = Block(span, columns.start, nearness, error[part], distances)
                yield block, queries.terms[part]


def _candidates(best: Best, block: Block, terms: Array, weight: float) -> tuple[Indices, Indices]:
    """Return the cells of a block, by row and column, that can be among the best of their row."""
    values, keep = best.sign * block.nearness, best.cost.shape[1]

    def reaching(edge: Array) -> Indices:
        lowered = np.nextafter(edge.astype(np.float32), np.float32(-np.inf))
        cells = values >= torch.from_numpy(lowered).to(values.device)[:, None]
        # One-dimensional nonzero() is several times faster than two-dimensional.
        return cells.flatten().nonzero().flatten().cpu().numpy()

    # Others are farther than the last of the best so far, or than `keep` cells of the same row.
    edge = best.sign * terms - weight * best.cost[block.span, -1] - block.error
    found = reaching(edge)
    if len(found) > keep * len(values) and keep <= values.shape[1]:
        last = values.topk(keep, dim=1).values[:, -1].cpu().numpy()
        found = reaching(np.maximum(edge, last - 2.0 * block.error))
    return np.divmod(found, values.shape[1])


def _merge(best: Best, block: Block, row: Indices, column: Indices) -> None:
    """Measure cells of a block, and keep the best of them and of those so far."""
    span, keep = block.span, best.cost.shape[1]
    cost = best.sign * block.distances(Pairs(span.start + row, block.start + column))
    rows = np.concatenate([np.repeat(np.arange(span.stop - span.start), keep), row])
    indices = np.concatenate([best.index[span].ravel(), block.start + column])
    costs = np.concatenate([best.cost[span].ravel(), cost])
    order = np.lexsort((indices, costs, rows))
    place = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
    kept = order[place < keep].reshape(-1, keep)
    best.index[span], best.cost[span] = indices[kept], costs[kept]
