"""The best cells of every row of a matrix that is seen tile by tile, and never whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.matches import Indices

_SPARE = 8  # cells kept beyond those asked for: rounding can swap so many


@dataclass(frozen=True)
class Cells:
    """Cells ``(c,)`` of a matrix by row and column."""

    row: Indices
    column: Indices


@dataclass(frozen=True)
class Best:
    """The best ``(rows, keep)`` columns, best first, and their cost; -1 and infinity where none."""

    column: NDArray[np.int32]
    cost: Array

    def put(self, rows: Indices, best: Best) -> None:
        """Replace some rows."""
        self.column[rows], self.cost[rows] = best.column, best.cost


class Extremes:
    """The ``keep`` columns of largest value in each row, where values are off by a known error.

    ``sign`` -1 looks for the smallest values instead.
    """

    def __init__(self, rows: int, keep: int, sign: float) -> None:
        self.keep, self.sign = keep, sign
        self._values = torch.full((rows, keep + _SPARE), -torch.inf)
        self._columns = torch.full((rows, keep + _SPARE), -1)

    def offer(self, part: slice, values: Tensor, first: int) -> None:
        """Take the values of a run of rows in the tile whose first column is ``first``."""
        size = self._values.shape[1]
        found, column = torch.topk(self.sign * values, min(size, values.shape[1]), dim=1)
        values = torch.cat([self._values[part], found.cpu()], dim=1)
        columns = torch.cat([self._columns[part], column.cpu() + first], dim=1)
        self._values[part], order = torch.topk(values, size, dim=1)
        self._columns[part] = columns.gather(1, order)

    def edges(self, error: Array) -> Array:
        """Return for each row a value that all ``keep`` truly best cells reach."""
        edges: Array = self._values[:, self.keep - 1].numpy() - 2.0 * error
        return edges

    def cells(self, error: Array) -> tuple[Cells, Indices]:
        """Return the cells that may be among the best, and the rows that may have more of them."""
        values = self._values.numpy()
        near = (values >= self.edges(error)[:, None]) & (values > -np.inf)
        row, place = np.nonzero(near)
        return Cells(row, self._columns.numpy()[row, place]), np.flatnonzero(near[:, -1])

    def reaching(self, edges: Array, values: Tensor, first: int) -> Cells:
        """Return the cells of a tile whose value reaches the edge of their row."""
        lowered = np.nextafter(edges.astype(np.float32), np.float32(-np.inf))
        values = self.sign * values
        near = values >= torch.from_numpy(lowered).to(values.device)[:, None]
        near &= values > -torch.inf
        cells = near.flatten().nonzero().flatten().cpu().numpy()  # faster than in two dimensions
        return Cells(cells // values.shape[1], first + cells % values.shape[1])


def best_of(cells: Cells, cost: Array, rows: int, keep: int) -> Best:
    """Return the cells of least cost in each row; of equal cost, those of the first columns."""
    order = np.lexsort((cells.column, cost, cells.row))
    row = cells.row[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < keep
    best = Best(np.full((rows, keep), -1, dtype=np.int32), np.full((rows, keep), np.inf))
    best.column[row[kept], place[kept]] = cells.column[order][kept]
    best.cost[row[kept], place[kept]] = cost[order][kept]
    return best
