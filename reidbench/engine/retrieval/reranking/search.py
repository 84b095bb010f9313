"""The nearest other embeddings of every embedding, and the distance of the farthest."""

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
from reidbench.engine.retrieval.reranking.extremes import Best, Cells, Extremes, best_of
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.tiles import Tile, centre_of, gallery_tiles, prepare_queries

_CENTRE_ROWS = 1024
_OPEN_CELLS = 2**18  # looked at together


@dataclass(frozen=True)
class Nearest:
    """For each distinct embedding, others by exact distance: ``(u, keep)``, nearest first."""

    index: NDArray[np.int32]
    """Which distinct embedding; -1 where there are no more."""
    distance: Array
    farthest: Array
    """``(u,)``: the largest distance to any ranked image."""


def find_nearest(images: Images, keep: int, chunk: int) -> Nearest:
    """Return the ``keep`` nearest others of every distinct embedding.

    A float32 product orders the others up to an error that is bounded; those that could be among
    the nearest within it are measured exactly. ``chunk`` embeddings are multiplied at a time.
    """
    first = images.distinct.first
    found = Nearest(
        np.empty((len(first), keep), dtype=np.int32),
        np.empty((len(first), keep)),
        np.empty(len(first)),
    )
    centre = _centre(images)
    for span in slices(len(first), _side(images)):
        block = _Block(images, span, centre, chunk)
        near, far = block.search(keep)
        found.index[span], found.distance[span] = near.column, near.cost
        found.farthest[span] = -far.cost[:, 0]
    return found


def _side(images: Images) -> int:
    # Two sides of a product and their float32 offsets are held at once.
    return max(1, tile_rows(images.width) // 2)


def _centre(images: Images) -> Array:
    step = -(-len(images.ranked) // _CENTRE_ROWS)
    return centre_of(images.rows(images.ranked[::step]), images.metric)


class _Block:
    """A run of distinct embeddings, compared with all of them."""

    def __init__(self, images: Images, span: slice, centre: Array, chunk: int) -> None:
        self.images, self.span, self.centre, self.chunk = images, span, centre, chunk
        self.first = images.distinct.first
        self.queries = prepare_queries(
            images.rows(self.first[span]), images.metric, centre, images.workers
        ).on(images.device)

    def search(self, keep: int) -> tuple[Best, Best]:
        """Return the nearest others, and the one farthest embedding at minus its distance."""
        size = len(self.queries.terms)
        near, far = Extremes(size, keep, 1.0), Extremes(size, 1, -1.0)
        error = np.zeros(size)
        for start, tile in self._tiles():
            error = np.maximum(error, error_bound(self.queries, tile, self.images.metric))
            for part in slices(size, self.chunk):
                nearness = torch.mm(self.queries.offsets[part], tile.offsets.T).add_(tile.bias)
                far.offer(part, nearness, start)
                self._hide_selves(nearness, np.arange(size)[part], start)
                near.offer(part, nearness, start)
        return self._settle(near, error), self._settle(far, error)

    def _settle(self, extremes: Extremes, error: Array) -> Best:
        """Measure what may be best; where that is more than was kept, look through all tiles."""
        cells, crowded = extremes.cells(error)
        best = self._best(cells, extremes, len(error))
        if len(crowded):
            best.put(crowded, self._look_again(extremes, crowded, extremes.edges(error)[crowded]))
        return best

    def _best(self, cells: Cells, extremes: Extremes, rows: int) -> Best:
        row = self.first[self.span.start + cells.row]
        cost = extremes.sign * self.images.distances(row, self.first[cells.column])
        return best_of(cells, cost, rows, extremes.keep)

    def _look_again(self, extremes: Extremes, rows: Indices, edges: Array) -> Best:
        queries = self.queries.offsets[torch.from_numpy(rows).to(self.images.device)]
        best = best_of(Cells(rows[:0], rows[:0]), edges[:0], len(rows), extremes.keep)
        for start, tile in self._tiles():
            for part in slices(len(rows), max(1, _OPEN_CELLS // len(tile.rows))):
                nearness = torch.mm(queries[part], tile.offsets.T).add_(tile.bias)
                if extremes.sign > 0:
                    self._hide_selves(nearness, rows[part], start)
                cells = extremes.reaching(edges[part], nearness, start)
                self._merge(best, extremes, rows, part, cells)
        return best

    def _merge(
        self, best: Best, extremes: Extremes, rows: Indices, part: slice, cells: Cells
    ) -> None:
        """Let new cells of the rows ``rows[part]`` compete with their best so far."""
        row = self.first[self.span.start + rows[part][cells.row]]
        cost = extremes.sign * self.images.distances(row, self.first[cells.column])
        old, place = np.nonzero(best.column[part] >= 0)
        both = Cells(
            np.concatenate([old, cells.row]),
            np.concatenate([best.column[part][old, place], cells.column]),
        )
        costs = np.concatenate([best.cost[part][old, place], cost])
        merged = best_of(both, costs, len(rows[part]), extremes.keep)
        best.put(np.arange(len(rows))[part], merged)

    def _hide_selves(self, nearness: Tensor, rows: Indices, start: int) -> None:
        column = self.span.start + rows - start
        inside = np.flatnonzero((column >= 0) & (column < nearness.shape[1]))
        row, column = torch.from_numpy(inside), torch.from_numpy(column[inside])
        nearness[row.to(nearness.device), column.to(nearness.device)] = -torch.inf

    def _tiles(self) -> Iterator[tuple[int, Tile]]:
        for span in slices(len(self.first), _side(self.images)):
            rows = self.images.rows(self.first[span])
            junk = np.zeros(len(rows), dtype=bool)
            images = self.images
            for tile in gallery_tiles(rows, junk, images.metric, self.centre, images.workers):
                yield span.start + tile.span.start, tile.on(images.device)
