"""Queries and tiles of the gallery less a common centre: the operands of the float32 product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidbench.engine.retrieval.chunks import Workers, slices, tile_rows, working_rows
from reidbench.engine.retrieval.distances import (
    Array,
    Metric,
    Rows,
    measure_once,
    squared_lengths,
)
from reidbench.engine.retrieval.matches import Indices, Pairs

_CENTRE_ROWS = 1024
_FEW_PAIRS = 2**13  # too few to look for equal rows among them


@dataclass(frozen=True)
class Queries:
    """Queries less the centre ``(q, d)``, float32, their lengths and nearness terms ``(q,)``."""

    offsets: Tensor
    lengths: Array
    terms: Array

    def on(self, device: torch.device) -> Queries:
        """Return the queries with their offsets on a device."""
        return replace(self, offsets=self.offsets.to(device))


@dataclass(frozen=True)
class Tile:
    """Consecutive rows less the centre, with their bias; ``rows`` are the embeddings themselves."""

    span: slice
    rows: Rows
    offsets: Tensor
    bias: Tensor
    longest: float
    largest_bias: float

    def on(self, device: torch.device) -> Tile:
        """Return the tile with its offsets and bias on a device."""
        return replace(self, offsets=self.offsets.to(device), bias=self.bias.to(device))

    def distances(self, measure: Callable[[Pairs], Array], pairs: Pairs) -> Array:
        """Return ``measure`` of pairs with rows of this tile, of equal rows once if there are many.

        Of an over-pruned network whose embeddings are all the same, every pair needs measuring.
        """
        if len(pairs.query) <= _FEW_PAIRS:
            return measure(pairs)
        originals = self.span.start + self._originals[pairs.gallery - self.span.start]
        return measure_once(Pairs(pairs.query, originals), measure)

    @cached_property
    def _originals(self) -> Indices:
        """For every row of the tile, the first row of the tile with the same bits."""
        bits = np.dtype((np.void, self.rows.shape[1] * self.rows.itemsize))
        keys = np.ascontiguousarray(self.rows).view(bits).ravel()
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        originals: Indices = first[inverse.ravel()]
        return originals


def centre_of(gallery: Rows, metric: Metric) -> Array:
    """Return the mean point ``(d,)`` of evenly spaced gallery rows.

    Any centre gives the same ranking; near the mean the products are small and so are their errors.
    """
    step = -(-len(gallery) // _CENTRE_ROWS)
    centre: Array = metric.points(gallery[::step]).mean(axis=0)
    return centre


def prepare_queries(rows: Rows, metric: Metric, centre: Array, workers: Workers) -> Queries:
    """Return all queries less the centre."""
    queries = Queries(torch.empty(rows.shape), np.empty(len(rows)), np.empty(len(rows)))

    def prepare(part: slice) -> None:
        points = metric.points(rows[part])
        queries.terms[part] = metric.query_term(points, centre)
        queries.lengths[part] = _store(points - centre, queries.offsets[part])

    workers.map(len(rows), prepare, most=working_rows(rows.shape[1]))
    return queries


def gallery_tiles(
    rows: Rows, junk: NDArray[np.bool_], metric: Metric, centre: Array, workers: Workers
) -> Iterator[Tile]:
    """Yield the gallery tile by tile; junk has bias minus infinity: it is behind everything."""
    for span in slices(len(rows), tile_rows(rows.shape[1])):
        tile = prepare_tile(span, rows[span], metric, centre, workers)
        tile.bias[torch.from_numpy(junk[span])] = -torch.inf
        yield tile


def prepare_tile(span: slice, rows: Rows, metric: Metric, centre: Array, workers: Workers) -> Tile:
    """Return the tile of the embeddings ``rows``, which have the numbers of ``span``."""
    offsets = torch.empty(rows.shape)
    bias, lengths = np.empty(len(rows)), np.empty(len(rows))

    def prepare(part: slice) -> None:
        moved = metric.points(rows[part]) - centre
        lengths[part] = _store(moved, offsets[part])
        bias[part] = metric.bias(moved, centre)

    workers.map(len(rows), prepare, most=working_rows(rows.shape[1]))
    longest, largest_bias = float(lengths.max()), float(np.abs(bias).max())
    return Tile(span, rows, offsets, torch.from_numpy(bias).float(), longest, largest_bias)


def _store(moved: Array, out: Tensor) -> Array:
    """Write rows out as float32 and return their lengths."""
    out.numpy()[...] = moved
    lengths: Array = np.sqrt(squared_lengths(moved))
    return lengths
