"""How many negatives stand ahead of each hit: exact, by counting, in blocks.

The rule. A negative is ahead of a hit when its distance is smaller *or equal* (pessimistic), with
the distances of `distances`, each a function of its two embeddings alone. So the counts do not
depend on the order of the gallery, the chunk size or the number of threads, and a network whose
embeddings are all the same ranks every hit last.

The way. A float32 product gives the nearness of a block of queries to a tile of gallery rows.
Its error is bounded, so a negative whose nearness differs from a hit's by more than the bound is
settled by counting; the few within it are settled by their exact distances. The counts add up
over tiles: nothing of size queries x gallery ever exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from reidbench.engine.retrieval.chunks import Workers, slices, tile_rows
from reidbench.engine.retrieval.counting import Block, count_ahead, error_bound, find_thresholds
from reidbench.engine.retrieval.distances import Metric, Rows, pair_distances
from reidbench.engine.retrieval.features import Features
from reidbench.engine.retrieval.matches import JUNK, Indices, Pairs, hits, same_identity
from reidbench.engine.retrieval.tiles import (
    Queries,
    Tile,
    centre_of,
    gallery_tiles,
    prepare_queries,
)


@dataclass(frozen=True)
class HitCounts:
    """For every hit ``(p,)``, sorted by query: its query and the number of negatives ahead."""

    query: Indices
    ahead: Indices


def count_negatives_ahead(
    query: Features, gallery: Features, metric: Metric, chunk: int, device: torch.device
) -> HitCounts:
    """Count, for every hit of every query, the valid negatives at least as near.

    Valid negatives are the gallery images of other identities, junk left out. ``chunk`` is the
    number of queries handled at a time, ``device`` where the product is computed: they change
    memory and time, never the counts.
    """
    queries, rows = float32_rows(query), float32_rows(gallery)
    relatives = same_identity(query, gallery)
    found = hits(relatives, query, gallery)
    hidden = Hidden(relatives, rows.shape[1], len(query))
    with Workers.hired(torch.get_num_threads()) as workers, full_precision():
        distances = partial(pair_distances, queries, rows, metric=metric, workers=workers)
        centre = centre_of(rows, metric)
        prepared = prepare_queries(queries, metric, centre, workers)
        thresholds, of_hit = find_thresholds(found.query, distances(found), prepared, metric)
        prepared = prepared.on(device)
        ahead = np.zeros(len(thresholds.query), dtype=np.int64)
        junk = gallery.pids == JUNK
        for tile in gallery_tiles(rows, junk, metric, centre, workers):
            bound, tile = error_bound(prepared, tile, metric), tile.on(device)
            for span in slices(len(query), chunk):
                block = _block(prepared, tile, span, hidden)
                own, counts = count_ahead(block, thresholds, bound, distances, workers)
                ahead[own] += counts
    return HitCounts(found.query, ahead[of_hit])


def _block(queries: Queries, tile: Tile, span: slice, hidden: Hidden) -> Block:
    nearness = torch.mm(queries.offsets[span], tile.offsets.T).add_(tile.bias)
    relatives = hidden.within(tile, span)
    row, column = relatives.query - span.start, relatives.gallery - tile.span.start
    on = nearness.device
    nearness[torch.from_numpy(row).to(on), torch.from_numpy(column).to(on)] = -torch.inf
    return Block(span, tile, nearness)


class Hidden:
    """The pairs of one identity, found by tile and run of queries: they are never negatives."""

    def __init__(self, pairs: Pairs, width: int, queries: int) -> None:
        self._queries, self._tile = queries, tile_rows(width)
        keys = pairs.gallery // self._tile * queries + pairs.query
        order = np.argsort(keys, kind="stable")
        self._keys, self._pairs = keys[order], pairs.at(order)

    def within(self, tile: Tile, span: slice) -> Pairs:
        """Return the pairs of a tile and a run of queries."""
        start = tile.span.start // self._tile * self._queries
        edges = np.searchsorted(self._keys, [start + span.start, start + span.stop])
        return self._pairs.at(slice(*edges))


@contextmanager
def full_precision() -> Iterator[None]:
    """Keep the product in float32, whatever training has switched on: the error bound needs it."""
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
