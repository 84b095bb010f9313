"""The nearest embeddings of every embedding, and the distance of the farthest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidbench.engine.retrieval.chunks import slices, tile_rows
from reidbench.engine.retrieval.counting import error_bound
from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.matches import Indices
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.tiles import prepare_queries, prepare_tile


@dataclass(frozen=True)
class Best:
    """The ``(u, keep)`` columns of least cost of every row, the least first."""

    column: NDArray[np.int32]
    """Which distinct embedding; -1 where there are no more."""
    cost: Array
    """The distance times ``sign``; infinity where there are no more."""
    sign: float
    """1 where the nearest are looked for, -1 where the farthest are."""


@dataclass(frozen=True)
class _Block:
    """The nearness ``(c, t)`` of a run of distinct embeddings to others from ``start`` on."""

    span: slice
    start: int
    nearness: Tensor
    terms: Array
    error: Array


def find_nearest(images: Images, keep: int, chunk: int) -> tuple[Best, Array]:
    """Return the ``keep`` embeddings nearest to each distinct one, and the largest distances.

    Each is among its own nearest. A float32 product selects the few of each tile that can be among
    the nearest, given the bound of its error, and only these are measured. ``chunk`` embeddings are
    multiplied at a time.
    """
    size = len(images.distinct.first)
    near, far = (
        Best(np.full((size, k), -1, np.int32), np.full((size, k), np.inf), sign)
        for k, sign in ((keep, 1.0), (1, -1.0))
    )
    for block in _blocks(images, chunk):
        for best in (near, far):
            row, column = _candidates(best, block, images.metric.weight)
            _merge(best, images, block, row, column)
    return near, -far.cost[:, 0]


def _blocks(images: Images, chunk: int) -> Iterator[_Block]:
    first, metric, workers = images.distinct.first, images.metric, images.workers
    # Two sides of a product and their float32 offsets are held at once.
    side = max(1, tile_rows(images.width) // 2)
    for rows in slices(len(first), side):
        queries = prepare_queries(images.rows(first[rows]), metric, images.centre, workers)
        queries = queries.on(images.device)
        for columns in slices(len(first), side):
            others = images.rows(first[columns])
            tile = prepare_tile(columns, others, metric, images.centre, workers).on(images.device)
            error = error_bound(queries, tile, metric)
            for part in slices(len(error), chunk):
                nearness = torch.mm(queries.offsets[part], tile.offsets.T).add_(tile.bias)
                span = slice(rows.start + part.start, rows.start + part.stop)
                yield _Block(span, columns.start, nearness, queries.terms[part], error[part])


def _candidates(best: Best, block: _Block, weight: float) -> tuple[Indices, Indices]:
    """Return the cells of a block, by row and column, that can be among the best of their row."""
    values, (_, width) = best.sign * block.nearness, block.nearness.shape
    cost, keep = best.cost[block.span], best.cost.shape[1]
    # What is not as near as the last of the best so far, or as `keep` others of this block, is out.
    edge = best.sign * block.terms - weight * cost[:, -1] - block.error
    if keep <= width:
        last = values.topk(keep, dim=1).values[:, -1].cpu().numpy()
        edge = np.maximum(edge, last - 2.0 * block.error)
    edge = np.nextafter(edge.astype(np.float32), np.float32(-np.inf))
    cells = values >= torch.from_numpy(edge).to(values.device)[:, None]
    # One-dimensional nonzero() is several times faster than two-dimensional.
    row, column = np.divmod(cells.flatten().nonzero().flatten().cpu().numpy(), width)
    return row, column


def _merge(best: Best, images: Images, block: _Block, row: Indices, column: Indices) -> None:
    """Measure cells of a block, and keep the best of them and of those so far."""
    first, (size, keep) = images.distinct.first, best.cost[block.span].shape
    cost = images.distances(first[block.span.start + row], first[block.start + column])
    rows = np.concatenate([np.repeat(np.arange(size), keep), row])
    columns = np.concatenate([best.column[block.span].ravel(), block.start + column])
    costs = np.concatenate([best.cost[block.span].ravel(), best.sign * cost])
    order = np.lexsort((columns, costs, rows))
    counts = np.bincount(rows)
    place = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = order[place < keep]
    best.column[block.span] = columns[kept].reshape(size, keep)
    best.cost[block.span] = costs[kept].reshape(size, keep)
