"""Counting the negatives of one gallery tile that stand ahead of each hit of a block of queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from reidbench.retrieval.blocks import Queries, Tile
from reidbench.retrieval.distances import Array, Metric
from reidbench.retrieval.matches import Indices, Pairs
from reidbench.retrieval.spans import batches

_ROUNDING = 2.0**-24  # of float32
_FLOAT64_ERROR = 1e-14
_OUT_OF_RANGE = 1e-36  # smaller products lose bits in float32
_OPEN_CELLS = 2**18  # looked at together
_FEW_CELLS = 2**12  # of those, so few to measure that equal rows are not worth finding

Nearness = NDArray[np.float32]


@dataclass(frozen=True)
class Thresholds:
    """The distinct distances of each query's hits ``(t,)``, sorted by query."""

    query: Indices
    distance: Array
    nearness: Array
    first: Indices
    """``(q + 1,)``: where each query's thresholds begin, and the last one's end."""


def find_thresholds(
    query: Indices, distances: Array, queries: Queries, metric: Metric
) -> tuple[Thresholds, Indices]:
    """Return the thresholds of hits with these queries and distances, and each hit's threshold."""
    order = np.lexsort((distances, query))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(query[order]) != 0) | (np.diff(distances[order]) != 0)
    of_hit = np.empty(len(order), dtype=np.int64)
    of_hit[order] = np.cumsum(new) - 1
    query, distance = query[order][new], distances[order][new]
    nearness = queries.terms[query] - metric.weight * distance
    first = np.searchsorted(query, np.arange(len(queries.terms) + 1))
    return Thresholds(query, distance, nearness, first), of_hit


def error_bound(queries: Queries, tile: Tile, metric: Metric) -> Array:
    """Return by how much the float32 nearness of each query ``(q,)`` may be off in this tile.

    A float32 dot product of length d is off by about sqrt(d) roundings of |q||g| when roundings
    are independent (Higham & Mary 2019) and every partial sum is as large as |q||g|. Partial sums
    are smaller and BLAS adds in blocks: the largest error of a Market-1501 sized product of width
    2048 was an eightieth of this bound.
    """
    width = queries.offsets.shape[1]
    largest = queries.lengths * tile.longest + tile.largest_bias
    single = (np.sqrt(width) + 8.0) * _ROUNDING * largest
    double = _FLOAT64_ERROR * queries.lengths**2
    bound: Array = single + double + metric.slack + _OUT_OF_RANGE
    return bound


@dataclass(frozen=True)
class Block:
    """The nearness ``(c, t)`` of a run of queries to a tile, minus infinity where hidden."""

    span: slice
    tile: Tile
    nearness: Nearness


def count_ahead(
    block: Block, thresholds: Thresholds, bound: Array, distances: Callable[[Pairs], Array]
) -> tuple[slice, Indices]:
    """Return the thresholds of the block's queries, and how many rows each has at least as near."""
    own = slice(*thresholds.first[[block.span.start, block.span.stop]])
    row = thresholds.query[own] - block.span.start
    middle = thresholds.nearness[own]
    error = bound[thresholds.query[own]] + 2.0 * _ROUNDING * np.abs(middle)
    lower, upper = ((middle + side * error).astype(np.float32) for side in (-1.0, 1.0))
    place = np.arange(own.start, own.stop) - thresholds.first[thresholds.query[own]]
    possible, certain = _count_beyond(block.nearness, row, place, lower, upper)
    for part in batches(np.flatnonzero(possible > certain), _OPEN_CELLS // block.nearness.shape[1]):
        rows = block.nearness[row[part]]
        near = (rows >= lower[part, None]) & (rows <= upper[part, None])
        which, column = np.divmod(np.flatnonzero(near), near.shape[1])  # faster than nonzero
        found = _distances_in_tile(block, row[part][which], column, distances)
        ahead = found <= thresholds.distance[own][part][which]
        certain[part] += np.bincount(which[ahead], minlength=len(part))
    return own, certain


def _count_beyond(
    nearness: Nearness, row: Indices, place: Indices, lower: Nearness, upper: Nearness
) -> tuple[Indices, Indices]:
    """Count the entries of each threshold's row that are >= its lower and > its upper edge."""
    edges = np.full((2, len(nearness), place.max(initial=0) + 1), np.inf, dtype=np.float32)
    edges[0, row, place], edges[1, row, place] = lower, upper
    # Sorting the values of a tile costs a twentieth of computing them, and then any number of
    # hits is counted by bisection.
    ordered = torch.from_numpy(np.sort(nearness, axis=1))
    below = torch.searchsorted(ordered, torch.from_numpy(edges[0])).numpy()
    up_to = torch.searchsorted(ordered, torch.from_numpy(edges[1]), right=True).numpy()
    width = nearness.shape[1]
    return width - below[row, place], width - up_to[row, place]


def _distances_in_tile(
    block: Block, row: Indices, column: Indices, distances: Callable[[Pairs], Array]
) -> Array:
    """Return the exact distances of cells, measuring equal rows once where they are many."""
    query, start = row + block.span.start, block.tile.span.start
    if len(row) <= _FEW_CELLS:
        return distances(Pairs(query, start + column))
    width = len(block.tile.rows)
    cells, inverse = np.unique(query * width + block.tile.originals[column], return_inverse=True)
    return distances(Pairs(cells // width, start + cells % width))[inverse]
