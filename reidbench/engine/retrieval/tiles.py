"""The two sides less a common centre, as the float32 matrix product takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidbench.engine.retrieval.chunks import Workers, slices, tile_rows, working_rows
from reidbench.engine.retrieval.distances import Array, Metric, Rows, squared_lengths
from reidbench.engine.retrieval.matches import Indices

_CENTRE_ROWS = 1024


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
    """A run of gallery rows less the centre, with their bias; ``rows`` are the embeddings."""

    span: slice
    rows: Rows
    offsets: Tensor
    bias: Tensor
    longest: float
    largest_bias: float

    def on(self, device: torch.device) -> Tile:
        """Return the tile with its offsets and bias on a device."""
        return replace(self, offsets=self.offsets.to(device), bias=self.bias.to(device))

    @cached_property
    def originals(self) -> Indices:
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

    workers.over(len(rows), prepare, most=working_rows(rows.shape[1]))
    return queries


def gallery_tiles(
    rows: Rows, junk: NDArray[np.bool_], metric: Metric, centre: Array, workers: Workers
) -> Iterator[Tile]:
    """Yield the gallery tile by tile; junk has bias minus infinity: behind everything."""
    for span in slices(len(rows), tile_rows(rows.shape[1])):
        yield _tile(span, rows[span], junk[span], metric, centre, workers)


def _tile(
    span: slice,
    rows: Rows,
    junk: NDArray[np.bool_],
    metric: Metric,
    centre: Array,
    workers: Workers,
) -> Tile:
    offsets = torch.empty(rows.shape)
    bias, lengths = np.empty(len(rows)), np.empty(len(rows))

    def prepare(part: slice) -> None:
        moved = metric.points(rows[part]) - centre
        lengths[part] = _store(moved, offsets[part])
        bias[part] = metric.bias(moved, centre)

    workers.over(len(rows), prepare, most=working_rows(rows.shape[1]))
    longest, largest_bias = float(lengths.max()), float(np.abs(bias).max())
    bias[junk] = -np.inf
    return Tile(span, rows, offsets, torch.from_numpy(bias).float(), longest, largest_bias)


def _store(moved: Array, out: Tensor) -> Array:
    """Write rows out as float32 and return their lengths."""
    out.numpy()[...] = moved
    lengths: Array = np.sqrt(squared_lengths(moved))
    return lengths
