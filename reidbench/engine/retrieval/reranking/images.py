"""Queries and gallery as one numbered list of images, and the exact distances among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import product

import numpy as np
import torch

from reidbench.engine.retrieval.chunks import Workers, slices, working_rows
from reidbench.engine.retrieval.distances import Array, Metric, Rows, measure_once, pair_distances
from reidbench.engine.retrieval.matches import Indices, Pairs
from reidbench.engine.retrieval.tiles import centre_of

_FEW_PAIRS = 2**12  # too few to look for pairs of the same embeddings


@dataclass(frozen=True)
class Distinct:
    """Which images have the same embedding: junk has none."""

    first: Indices
    """``(u,)``: an image with each distinct embedding."""
    of: Indices
    """``(n,)``: the distinct embedding of every image, -1 for junk."""
    copies: Indices
    """``(u,)``: how many images have it."""


@dataclass(frozen=True)
class Images:
    """All images by number, the queries first; ``ranked`` are those that are not junk.

    The embeddings of the two sides are not copied: at MSMT17's size that would be 0.7 GB.
    """

    query: Rows
    gallery: Rows
    ranked: Indices
    metric: Metric
    workers: Workers
    device: torch.device
    """Where products are computed."""

    def __len__(self) -> int:
        return len(self.query) + len(self.gallery)

    @property
    def width(self) -> int:
        """Entries of an embedding."""
        return int(self.query.shape[1])

    @cached_property
    def centre(self) -> Array:
        """A point ``(d,)`` near which products of embeddings are small."""
        return centre_of(self.gallery, self.metric)

    def rows(self, chosen: Indices) -> Rows:
        """Return the embeddings ``(c, d)`` of the chosen images."""
        rows = np.empty((len(chosen), self.width), dtype=np.float32)
        of_query = chosen < len(self.query)
        rows[of_query] = self.query[chosen[of_query]]
        rows[~of_query] = self.gallery[chosen[~of_query] - len(self.query)]
        return rows

    @cached_property
    def distinct(self) -> Distinct:
        """The distinct embeddings of the ranked images, as the metric sees them."""
        numbers: dict[bytes, int] = {}
        of = np.full(len(self), -1, dtype=np.int64)
        for part in slices(len(self.ranked), working_rows(self.width)):
            # Adding zero turns minus zero, which has other bits, into zero.
            points = self.metric.points(self.rows(self.ranked[part])) + 0.0
            digests = [blake2b(point, digest_size=16).digest() for point in points]
            of[self.ranked[part]] = [numbers.setdefault(key, len(numbers)) for key in digests]
        _, first, copies = np.unique(of[self.ranked], return_index=True, return_counts=True)
        return Distinct(self.ranked[first], of, copies)

    def distances(self, left: Indices, right: Indices) -> Array:
        """Return the exact distance ``(p,)`` of every pair, of equal embeddings measured once."""
        first, of = self.distinct.first, self.distinct.of
        if len(left) <= _FEW_PAIRS or len(first) == len(self.ranked):
            return self._measure(Pairs(left, right))
        return measure_once(Pairs(first[of[left]], first[of[right]]), self._measure)

    def _measure(self, pairs: Pairs) -> Array:
        found = np.empty(len(pairs.query))
        sides = ((self.query, 0, len(self.query)), (self.gallery, len(self.query), len(self)))
        for (rows, start, stop), (others, first, last) in product(sides, sides):
            here = (start <= pairs.query) & (pairs.query < stop)
            here &= (first <= pairs.gallery) & (pairs.gallery < last)
            inside = Pairs(pairs.query[here] - start, pairs.gallery[here] - first)
            found[here] = pair_distances(
                rows, others, inside, metric=self.metric, workers=self.workers
            )
        return found
