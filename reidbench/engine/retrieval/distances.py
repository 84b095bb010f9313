"""The exact distance of a pair of embeddings, and the product that approximates a block of them.

Every metric is written as geometry on float64 *points*. For a centre m (any point), the nearness
``(q-m)·(g-m) + bias(g)`` orders the gallery of one query exactly as its distances do, so a float32
matrix product finds the order up to an error that `ranking` bounds, and only pairs within that
error need their exact distance. With it, nearness = query_term(q) - weight x distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from reidbench.engine.retrieval.chunks import Workers, slices, working_rows
from reidbench.engine.retrieval.matches import Indices, Pairs
from reidbench.errors import ReidbenchError, did_you_mean

Array = NDArray[np.float64]
Rows = NDArray[np.float32]
MetricName = Literal["euclidean", "cosine"]

SIMILARITY_STEP = 2.0**-30


@dataclass(frozen=True)
class Euclidean:
    """Squared Euclidean distance, summed from squared differences in float64.

    No cancellation: the distance of a point to itself is 0 and the least there is; sums of
    integers are exact. ``scale`` is a power of two that keeps float32 products in range.
    """

    scale: float
    weight: float = 0.5
    """How much the nearness falls when the distance grows by one."""
    slack: float = 0.0
    """Nearness by which two pairs can differ and still have equal distances."""

    def points(self, rows: Rows) -> Array:
        """Return the float64 points ``(n, d)`` of float32 rows, each a function of its row alone.

        These are the rows, scaled.
        """
        return np.multiply(rows, self.scale, dtype=np.float64)

    def distances(self, queries: Rows, gallery: Rows, pairs: Pairs, scratch: Scratch) -> Array:
        """Return the squared distance ``(n,)`` of every pair, a function of the pair alone."""
        difference = scratch.points[: len(pairs.query)]
        difference[...] = scratch.taken(gallery, pairs.gallery)
        difference -= scratch.taken(queries, pairs.query)
        # Scaled at the end, to the same bits: the scale is a power of two, and float64 has room.
        return self.scale**2 * _row_sums(np.square(difference, out=difference))

    def bias(self, points: Array, centre: Array) -> Array:
        """Return the gallery's term ``(n,)`` of the nearness: -|g-m|²/2."""
        return -0.5 * squared_lengths(points - centre)

    def query_term(self, points: Array, centre: Array) -> Array:
        """Return the nearness ``(n,)`` of a gallery image at distance 0: |q-m|²/2."""
        return 0.5 * squared_lengths(points - centre)


@dataclass(frozen=True)
class Cosine:
    """One minus the cosine similarity, rounded to steps of 2^-30; a zero vector has similarity 0.

    Rounding makes equal cosines of different vectors equal numbers; float32 embeddings do not
    carry a finer cosine anyway.
    """

    weight: float = 1.0
    slack: float = 1.01 * SIMILARITY_STEP

    def points(self, rows: Rows) -> Array:
        """Return the rows at length 1, and zero vectors as they are."""
        points = np.empty(rows.shape)
        self._points(rows, points, np.empty(rows.shape))
        return points

    def _points(self, rows: Rows, out: Array, scratch: Array) -> None:
        # By the largest entry first: multiples of one vector become the same bits.
        largest = np.maximum(rows.max(axis=1), -rows.min(axis=1))
        np.divide(rows, _divisors(largest), out=out, dtype=np.float64)
        out /= _divisors(np.sqrt(_row_sums(np.square(out, out=scratch))))

    def distances(self, queries: Rows, gallery: Rows, pairs: Pairs, scratch: Scratch) -> Array:
        """Return one minus the rounded products."""
        products, others = (part[: len(pairs.query)] for part in (scratch.points, scratch.others))
        self._points(scratch.taken(gallery, pairs.gallery), products, others)
        once, which = np.unique(pairs.query, return_inverse=True)
        np.take(self.points(queries[once]), which, axis=0, out=others, mode="clip")
        similarity = _row_sums(np.multiply(products, others, out=products))
        return 1.0 - np.rint(similarity / SIMILARITY_STEP) * SIMILARITY_STEP

    def bias(self, points: Array, centre: Array) -> Array:
        """Return (g-m)·m."""
        products: Array = np.einsum("ij,j->i", points - centre, centre)
        return products

    def query_term(self, points: Array, centre: Array) -> Array:
        """Return 1 - q·m."""
        products: Array = np.einsum("ij,j->i", points, centre)
        return 1.0 - products


Metric: TypeAlias = Euclidean | Cosine
"""What the ranking needs to know of a distance."""


def metric_named(name: MetricName, largest: float) -> Metric:
    """Return the metric for embeddings whose largest magnitude is ``largest``."""
    if name not in get_args(MetricName):
        raise ReidbenchError(
            f"retrieval: unknown metric '{name}'; expected one of "
            f"{', '.join(get_args(MetricName))}{did_you_mean(name, get_args(MetricName))}"
        )
    if name == "cosine":
        return Cosine()
    exponent = int(np.frexp(largest)[1])
    return Euclidean(scale=float(np.ldexp(1.0, -exponent)))


class Scratch:
    """Buffers for pairs that are measured together: allocating costs more than the arithmetic."""

    def __init__(self, pairs: int, width: int) -> None:
        self.points, self.others = np.empty((2, pairs, width))
        self._rows: Rows = np.empty((pairs, width), dtype=np.float32)

    def taken(self, rows: Rows, which: Indices) -> Rows:
        """Return a copy of the rows ``which``; the next call overwrites it."""
        # No index is out of range: "clip" is the mode that writes to ``out`` without a buffer.
        return np.take(rows, which, axis=0, out=self._rows[: len(which)], mode="clip")


def pair_distances(
    queries: Rows, gallery: Rows, pairs: Pairs, *, metric: Metric, workers: Workers
) -> Array:
    """Return the exact distance ``(p,)`` of every pair of a query and a gallery row."""
    together = working_rows(queries.shape[1])

    def distances(part: slice) -> list[Array]:
        scratch = Scratch(min(together, part.stop - part.start), queries.shape[1])
        return [
            metric.distances(queries, gallery, pairs.at(part).at(span), scratch)
            for span in slices(part.stop - part.start, together)
        ]

    found = workers.map(len(pairs.query), distances)
    return np.concatenate([np.empty(0), *(piece for part in found for piece in part)])


def measure_once(pairs: Pairs, measure: Callable[[Pairs], Array]) -> Array:
    """Return ``measure`` of all pairs ``(p,)``, called with each distinct pair once."""
    width = int(pairs.gallery.max()) + 1
    keys, inverse = np.unique(pairs.query * width + pairs.gallery, return_inverse=True)
    return measure(Pairs(keys // width, keys % width))[inverse]


def squared_lengths(points: Array) -> Array:
    """Return the squared length ``(n,)`` of every row: for the approximation only."""
    squares: Array = np.einsum("ij,ij->i", points, points)
    return squares


def _row_sums(values: Array) -> Array:
    # numpy sums each contiguous row pairwise on its own: the same row gives the same bits whatever
    # the other rows are, which neither BLAS nor a threaded reduction promises.
    sums: Array = np.add.reduce(values, axis=1)
    return sums


def _divisors(of_rows: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(of_rows == 0, 1, of_rows)[:, None]
