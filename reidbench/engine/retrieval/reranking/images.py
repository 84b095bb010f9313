"""Queries and gallery as one numbered list of images, and the exact distances among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import product

import numpy as np

from reidbench.engine.retrieval.chunks import slices, working_rows
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
        first = self.distinct[self.embedding[[left, right]]]
        return measure_once(Pairs(first[0], first[1]), self._measure)

    def _measure(self, pairs: Pairs) -> Array:
        found, size = np.empty(len(pairs.query)), len(self.query)
        metric, workers = self.space.metric, self.space.workers
        sides = ((self.query, 0), (self.gallery, size))
        for (rows, start), (others, first) in product(sides, sides):
            here = ((pairs.query >= size) == (start > 0)) & ((pairs.gallery >= size) == (first > 0))
            inside = Pairs(pairs.query[here] - start, pairs.gallery[here] - first)
            found[here] = pair_distances(rows, others, inside, metric=metric, workers=workers)
        return found
