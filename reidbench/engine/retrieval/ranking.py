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

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor

from reidbench.engine.retrieval.chunks import Workers, slices, tile_rows
from reidbench.engine.retrieval.counting import Block, HitCounts, count_in_blocks, error_bound
from reidbench.engine.retrieval.distances import Metric, Rows, pair_distances
from reidbench.engine.retrieval.features import Features
from reidbench.engine.retrieval.matches import JUNK, Pairs, hits, same_identity
from reidbench.engine.retrieval.tiles import Space, centre_of


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
    excluded = Excluded(same, query, gallery)
    with Workers.started(torch.get_num_threads()) as workers, full_precision():
        measure = partial(pair_distances, queries, rows, metric=metric, workers=workers)
        space = Space(metric, centre_of(rows, metric), workers, device)
        prepared = space.queries(queries)

        def blocks() -> Iterator[Block]:
            for tile in space.tiles(rows):
                error, distances = error_bound(prepared, tile, metric), tile.measured_by(measure)
                for span in slices(len(query), chunk):
                    nearness = excluded.hide(prepared.nearness(span, tile), span, tile.span)
                    yield Block(span, tile.span.start, nearness, error, distances)

        return count_in_blocks(
            found.query, measure(found), blocks(), workers, prepared.terms, metric.weight
        )


class Excluded:
    """What is not a negative: junk, and the pairs of one identity, found by tile and queries."""

    def __init__(self, same: Pairs, query: Features, gallery: Features) -> None:
        self._queries, self._tile = len(query), tile_rows(gallery.embeddings.shape[1])
        keys = same.gallery // self._tile * self._queries + same.query
        order = np.argsort(keys, kind="stable")
        self._keys, self._pairs = keys[order], same.at(order)
        self._junk = torch.from_numpy(gallery.pids == JUNK)

    def hide(self, nearness: Tensor, queries: slice, tile: slice) -> Tensor:
        """Return the nearness ``(c, t)`` of queries to a tile, set to minus infinity for these."""
        start = tile.start // self._tile * self._queries
        edges = np.searchsorted(self._keys, [start + queries.start, start + queries.stop])
        pairs = self._pairs.at(slice(*edges))
        row, column = (pairs.query - queries.start, pairs.gallery - tile.start)
        on = nearness.device
        nearness[torch.from_numpy(row).to(on), torch.from_numpy(column).to(on)] = -torch.inf
        return nearness.masked_fill_(self._junk[tile].to(on), -torch.inf)


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
