"""Queries and tiles of the gallery less a common centre: the operands of the float32 product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
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

    def nearness(self, part: slice, tile: Tile) -> Tensor:
        """Return the nearness ``(c, t)`` of some queries to a tile."""
        return torch.mm(self.offsets[part], tile.offsets.T).add_(tile.bias)


@dataclass(frozen=True)
class Tile:
    """Consecutive rows less the centre, with their bias; ``rows`` are the embeddings themselves."""

    span: slice
    rows: Rows
    offsets: Tensor
    bias: Tensor
    longest: float
    largest_bias: float

    def measured_by(self, measure: Callable[[Pairs], Array]) -> Callable[[Pairs], Array]:
        """Return ``measure`` for pairs with rows of this tile, of equal rows once if they are many.

        Of an over-pruned network whose embeddings are all the same, every pair needs measuring.
        """

        def distances(pairs: Pairs) -> Array:
            if len(pairs.query) <= _FEW_PAIRS:
                return measure(pairs)
            originals = self.span.start + self._originals[pairs.gallery - self.span.start]
            return measure_once(Pairs(pairs.query, originals), measure)

        return distances

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


@dataclass(frozen=True)
class Space:
    """Makes operands of the float32 product: embeddings less ``centre`` ``(d,)``, on a device."""

    metric: Metric
    centre: Array
    workers: Workers
    device: torch.device

    def queries(self, rows: Rows) -> Queries:
        """Return embeddings as queries."""
        offsets, lengths, terms = self._moved(rows, self.metric.query_term)
        return Queries(offsets, lengths, terms)

    def tile(self, span: slice, rows: Rows) -> Tile:
        """Return embeddings, which have the numbers of ``span``, as a tile."""
        offsets, lengths, bias = self._moved(rows, self.metric.bias)
        biases = torch.from_numpy(bias).float().to(self.device)
        return Tile(span, rows, offsets, biases, float(lengths.max()), float(np.abs(bias).max()))

    def tiles(self, rows: Rows) -> Iterator[Tile]:
        """Yield the embeddings of the gallery tile by tile."""
        for span in slices(len(rows), tile_rows(rows.shape[1])):
            yield self.tile(span, rows[span])

    def _moved(
        self, rows: Rows, term: Callable[[Array, Array], Array]
    ) -> tuple[Tensor, Array, Array]:
        """Return embeddings less the centre, their lengths, and a term of each."""
        offsets, lengths, terms = torch.empty(rows.shape), np.empty(len(rows)), np.empty(len(rows))

        def prepare(part: slice) -> None:
            points = self.metric.points(rows[part])
            terms[part] = term(points, self.centre)
            points -= self.centre
            offsets[part].numpy()[...] = points
            lengths[part] = np.sqrt(squared_lengths(points))

        self.workers.map(len(rows), prepare, most=working_rows(rows.shape[1]))
        return offsets.to(self.device), lengths, terms
