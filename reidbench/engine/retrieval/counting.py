"""How many negatives are ahead of each hit: exact counts from approximate blocks of nearness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from reidbench.engine.retrieval.chunks import Workers, slices
from reidbench.engine.retrieval.distances import Array, Metric
from reidbench.engine.retrieval.matches import Indices, Pairs
from reidbench.engine.retrieval.tiles import Queries, Tile

_ROUNDING = 2.0**-24  # of float32
_FLOAT64_ERROR = 1e-14
_OUT_OF_RANGE = 1e-36  # smaller products lose bits in float32
_OPEN_CELLS = 2**20  # looked at together
_MANY_CELLS = 2**13  # worth measuring together

Cells: TypeAlias = tuple[Indices, Indices]


@dataclass(frozen=True)
class HitCounts:
    """For every hit ``(p,)``, sorted by query: its query and the number of negatives ahead."""

    query: Indices
    ahead: Indices


@dataclass(frozen=True)
class Thresholds:
    """The distinct distances of each query's hits ``(t,)``, sorted by query."""

    query: Indices
    distance: Array
    nearness: Array
    first: Indices
    """``(q + 1,)``: where each query's thresholds begin, and the last one's end."""


def find_thresholds(
    query: Indices, distances: Array, terms: Array, weight: float
) -> tuple[Thresholds, Indices]:
    """Return the thresholds of hits with these queries and distances, and each hit's threshold.

    The nearness of a distance is the query's of the ``terms`` ``(q,)`` less ``weight`` times it.
    """
    order = np.lexsort((distances, query))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(query[order]) != 0) | (np.diff(distances[order]) != 0)
    of_hit = np.empty(len(order), dtype=np.int64)
    of_hit[order] = np.cumsum(new) - 1
    query, distance = query[order][new], distances[order][new]
    nearness = terms[query] - weight * distance
    first = np.searchsorted(query, np.arange(len(terms) + 1))
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
    """The nearness ``(c, t)`` of a run of queries to consecutive gallery images.

    It is minus infinity for images that are no negatives of a query.
    """

    span: slice
    start: int
    """The first of the gallery images."""
    nearness: Tensor
    error: Array
    """``(q,)``: by how much the nearness of each query may be off."""
    distances: Callable[[Pairs], Array]
    """Returns the exact distances of pairs of the block."""


@dataclass(frozen=True)
class Edges:
    """What is surely not ahead of a threshold, and what surely is, on the device of a block.

    ``row`` is the threshold's row of the block and ``place`` its number among that row's, int64
    ``(t,)``; ``lower`` and ``upper`` are values of nearness, float32 ``(t,)``.
    """

    row: Tensor
    place: Tensor
    lower: Tensor
    upper: Tensor


def count_in_blocks(
    query: Indices,
    distances: Array,
    blocks: Iterable[Block],
    workers: Workers,
    terms: Array,
    weight: float,
) -> HitCounts:
    """Count the negatives in all blocks that are at least as near as each hit ``(p,)``."""
    thresholds, of_hit = find_thresholds(query, distances, terms, weight)
    ahead = np.zeros(len(thresholds.query), dtype=np.int64)
    for block in blocks:
        own, counts = count_ahead(block, thresholds, workers)
        ahead[own] += counts
    return HitCounts(query, ahead[of_hit])


def count_ahead(block: Block, thresholds: Thresholds, workers: Workers) -> tuple[slice, Indices]:
    """Return the thresholds of the block's queries, and how many rows each has at least as near."""
    own = slice(*thresholds.first[[block.span.start, block.span.stop]])
    edges = _edges(block, thresholds, own)
    possible, certain = _count_beyond(_ordered(block.nearness, workers), edges)
    unsettled = np.flatnonzero((possible > certain).cpu().numpy())
    ahead: Indices = certain.cpu().numpy()
    row = edges.row.cpu().numpy()
    for which, column in _together(_near(block, edges, unsettled, workers)):
        pairs = Pairs(block.span.start + row[which], block.start + column)
        nearer = block.distances(pairs) <= thresholds.distance[own][which]
        ahead += np.bincount(which[nearer], minlength=len(ahead))
    return own, ahead


def _edges(block: Block, thresholds: Thresholds, own: slice) -> Edges:
    query, middle = thresholds.query[own], thresholds.nearness[own]
    error = block.error[query] + 2.0 * _ROUNDING * np.abs(middle)
    lower, upper = ((middle + side * error).astype(np.float32) for side in (-1.0, 1.0))
    place = np.arange(own.start, own.stop) - thresholds.first[query]
    parts = (query - block.span.start, place, lower, upper)
    return Edges(*(torch.from_numpy(part).to(block.nearness.device) for part in parts))


def _ordered(nearness: Tensor, workers: Workers) -> Tensor:
    """Return each row of a block in ascending order.

    Sorting the values of a tile costs a twentieth of computing them, and then any number of hits
    is counted by bisection.
    """
    if not _on_the_cpu(nearness):
        return nearness.sort(dim=1).values
    ordered = nearness.numpy().copy()  # numpy's sort keeps no indices, which halves its time
    workers.map(len(ordered), lambda rows: ordered[rows].sort(axis=1))
    return torch.from_numpy(ordered)


def _on_the_cpu(values: Tensor) -> bool:
    return values.device.type == "cpu"


def _count_beyond(ordered: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
    """Count the entries of each threshold's row that are >= its lower and > its upper edge."""
    rows, width = ordered.shape
    most = int(edges.place.max()) + 1 if len(edges.place) else 0
    values = ordered.new_full((2, rows, most), torch.inf)
    values[0, edges.row, edges.place] = edges.lower
    values[1, edges.row, edges.place] = edges.upper
    below = torch.searchsorted(ordered, values[0])
    up_to = torch.searchsorted(ordered, values[1], right=True)
    return width - below[edges.row, edges.place], width - up_to[edges.row, edges.place]


def _near(block: Block, edges: Edges, unsettled: Indices, workers: Workers) -> Iterator[Cells]:
    """Yield the cells within the edges of unsettled thresholds: threshold, and column."""
    width = block.nearness.shape[1]

    def within(together: Indices, span: slice) -> Cells:
        part = together[span]
        chosen = torch.from_numpy(part).to(block.nearness.device)
        row, lower, upper = (of[chosen] for of in (edges.row, edges.lower, edges.upper))
        found = _flat_cells(block.nearness, row, lower.unsqueeze(1), upper.unsqueeze(1))
        which, column = np.divmod(found, width)
        return part[which], column

    for span in slices(len(unsettled), max(1, _OPEN_CELLS // width)):
        part = unsettled[span]
        yield from workers.map(len(part), partial(within, part))


def _flat_cells(nearness: Tensor, row: Tensor, lower: Tensor, upper: Tensor) -> Indices:
    """Return where the rows ``row`` lie within their edges, as indices of all their cells."""
    if not _on_the_cpu(nearness):
        rows = nearness[row]
        return ((rows >= lower) & (rows <= upper)).flatten().nonzero().flatten().cpu().numpy()
    values = nearness.numpy()[row.numpy()]  # one thread a part: torch would start its own
    return np.flatnonzero((values >= lower.numpy()) & (values <= upper.numpy()))


def _together(found: Iterator[Cells]) -> Iterator[Cells]:
    """Yield cells many at a time: few would keep the threads waiting for each other."""
    held: list[Cells] = []
    for cells in found:
        held.append(cells)
        if sum(len(which) for which, _ in held) >= _MANY_CELLS:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(held: list[Cells]) -> Cells:
    which, columns = zip(*held, strict=True)
    return np.concatenate(which), np.concatenate(columns)
