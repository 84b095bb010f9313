"""Queries and gallery as one numbered list of images, and the exact distances among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import product

import numpy as np
import torch

from reidbench.engine.retrieval.chunks import Workers, slices, working_rows
from reidbench.engine.retrieval.distances import Array, Metric, Rows, pair_distances
from reidbench.engine.retrieval.matches import Indices, Pairs

_FEW_PAIRS = 2**12  # too few to look for pairs of the same embeddings


@dataclass(frozen=True)
class Distinct:
    """Which images have one embedding: junk has none."""

    first: Indices
    """``(u,)``: an image with each distinct embedding."""
    of: Indices
    """``(n,)``: the distinct embedding of every image, -1 for junk."""
    copies: Indices
    """``(u,)``: how many images have it."""


@dataclass(frozen=True)
class Images:
    """All images by number, the queries first; ``ranked`` are those that are not junk.

    The rows of the two sides are read where they are: at MSMT17's size a copy is 0.7 GB.
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

    def rows(self, chosen: Indices) -> Rows:
        """Return the embeddings ``(c, d)`` of the chosen images."""
        rows = np.empty((len(chosen), self.width), dtype=np.float32)
        asks = chosen < len(self.query)
        rows[asks] = self.query[chosen[asks]]
        rows[~asks] = self.gallery[chosen[~asks] - len(self.query)]
        return rows

    @cached_property
    def distinct(self) -> Distinct:
        """The distinct embeddings of the ranked images, as the metric sees them."""
        numbers: dict[bytes, int] = {}
        of = np.full(len(self), -1, dtype=np.int64)
        for part in slices(len(self.ranked), working_rows(self.width)):
            # Adding zero makes minus zero zero, which has other bits.
            points = self.metric.points(self.rows(self.ranked[part])) + 0.0
            digests = [blake2b(point, digest_size=16).digest() for point in points]
            of[self.ranked[part]] = [numbers.setdefault(key, len(numbers)) for key in digests]
        _, first, copies = np.unique(of[self.ranked], return_index=True, return_counts=True)
        return Distinct(self.ranked[first], of, copies)

    def distances(self, left: Indices, right: Indices) -> Array:
        """Return the exact distance ``(p,)`` of every pair, equal pairs measured once."""
        distinct = self.distinct
        if len(left) <= _FEW_PAIRS or len(distinct.first) == len(self.ranked):
            return self._measure(left, right)
        size = len(distinct.first)
        pairs, inverse = np.unique(
            distinct.of[left] * size + distinct.of[right], return_inverse=True
        )
        return self._measure(distinct.first[pairs // size], distinct.first[pairs % size])[inverse]

    def _measure(self, left: Indices, right: Indices) -> Array:
        found = np.empty(len(left))
        sides = ((self.query, 0, len(self.query)), (self.gallery, len(self.query), len(self)))
        for (rows, first, last), (others, start, stop) in product(sides, sides):
            here = (first <= left) & (left < last) & (start <= right) & (right < stop)
            pairs = Pairs(left[here] - first, right[here] - start)
            found[here] = pair_distances(
                rows, others, pairs, metric=self.metric, workers=self.workers
            )
        return found
