"""How many negatives are ahead of each hit by the distance of the embeddings.

The rule. A negative is ahead of a hit when its distance is smaller *or equal* (pessimistic), with
the distances of `distances`, each a function of its two embeddings alone. So the counts do not
depend on the order of the gallery, the chunk size or the number of threads, and a network whose
embeddings are all the same ranks every hit last.

The algorithm. A float32 product gives the nearness of a block of queries to a tile of gallery rows.
Its error is bounded, so a negative whose nearness differs from a hit's by more than the bound is
counted without its distance; the few within the bound are compared by their exact distances. The
counts add up over tiles: no matrix of queries x gallery is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor

from reidbench.engine.retrieval.chunks import Workers, slices, tile_rows
from reidbench.engine.retrieval.counting import Block, HitCounts, count_in_blocks, error_bound
from reidbench.engine.retrieval.distances import Array, Metric, Rows, pair_distances
from reidbench.engine.retrieval.features import Features
from reidbench.engine.retrieval.matches import JUNK, Pairs, hits, same_identity
from reidbench.engine.retrieval.tiles import (
    Queries,
    Tile,
    centre_of,
    gallery_tiles,
    prepare_queries,
)


def count_negatives_ahead(
    query: Features, gallery: Features, metric: Metric, chunk: int, device: torch.device
) -> HitCounts:
    """Count, for every hit of every query, the valid negatives at least as near.

    Valid negatives are the gallery images of other identities, junk left out. ``chunk`` is the
    number of queries handled at a time, ``device`` where the product is computed: they change
    memory and time, never the counts.
    """
    queries, rows = float32_rows(query), float32_rows(gallery)
    same = same_identity(query, gallery)
    found = hits(same, query, gallery)
    positives = Positives(same, rows.shape[1], len(query))
    with Workers.started(torch.get_num_threads()) as workers, full_precision():
        measure = partial(pair_distances, queries, rows, metric=metric, workers=workers)
        centre = centre_of(rows, metric)
        prepared = prepare_queries(queries, metric, centre, workers)
        tiles = gallery_tiles(rows, gallery.pids == JUNK, metric, centre, workers)
        blocks = _blocks(prepared.on(device), tiles, metric, positives, measure, chunk)
        return count_in_blocks(
            found.query,
            measure(found),
            blocks,
            workers,
            terms=prepared.terms,
            weight=metric.weight,
        )


def _blocks(
    queries: Queries,
    tiles: Iterator[Tile],
    metric: Metric,
    positives: Positives,
    measure: Callable[[Pairs], Array],
    chunk: int,
) -> Iterator[Block]:
    for tile in tiles:
        error, there = error_bound(queries, tile, metric), tile.on(queries.offsets.device)
        for span in slices(len(queries.terms), chunk):
            nearness = torch.mm(queries.offsets[span], there.offsets.T).add_(there.bias)
            positives.hide(nearness, span, tile.span)
            distances = partial(tile.distances, measure)
            yield Block(span, tile.span.start, nearness, error, distances)


class Positives:
    """The pairs of one identity, found by tile and run of queries: they are never negatives."""

    def __init__(self, pairs: Pairs, width: int, queries: int) -> None:
        self._queries, self._tile = queries, tile_rows(width)
        keys = pairs.gallery // self._tile * queries + pairs.query
        order = np.argsort(keys, kind="stable")
        self._keys, self._pairs = keys[order], pairs.at(order)

    def hide(self, nearness: Tensor, queries: slice, tile: slice) -> None:
        """Set the nearness ``(c, t)`` of queries to a tile to minus infinity for these pairs."""
        start = tile.start // self._tile * self._queries
        edges = np.searchsorted(self._keys, [start + queries.start, start + queries.stop])
        pairs = self._pairs.at(slice(*edges))
        row, column = (
            torch.from_numpy(index).to(nearness.device)
            for index in (pairs.query - queries.start, pairs.gallery - tile.start)
        )
        nearness[row, column] = -torch.inf


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute products in full float32, as the error bound assumes, whatever training has set."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def float32_rows(features: Features) -> Rows:
    """Return the embeddings as float32 on the CPU."""
    rows: Rows = features.embeddings.detach().to("cpu", torch.float32).contiguous().numpy()
    return rows
