"""How many negatives stand ahead of each hit by the re-ranked distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from reidbench.engine.retrieval.chunks import slices
from reidbench.engine.retrieval.counting import Block, count_ahead, error_bound, find_thresholds
from reidbench.engine.retrieval.distances import SIMILARITY_STEP, Array, Euclidean
from reidbench.engine.retrieval.matches import Indices, Pairs
from reidbench.engine.retrieval.ranking import Hidden, HitCounts
from reidbench.engine.retrieval.reranking.encoding import relative
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.reranking.overlap import block_overlaps, pair_overlaps
from reidbench.engine.retrieval.tiles import (
    Queries,
    Tile,
    centre_of,
    gallery_tiles,
    prepare_queries,
)

_SINGLE_ERROR = 2.0**-22  # of numbers up to 1 in float32, some operations long
_MINUS = Euclidean(scale=1.0, weight=1.0)  # nearness here is minus the distance


@dataclass(frozen=True)
class Reranked:
    """The distance (1 - weight) * Jaccard + weight * distance / farthest of query and gallery.

    ``vectors`` encode all images, ``farthest`` ``(n,)`` is the largest distance from each.
    """

    images: Images
    vectors: csr_matrix
    farthest: Array
    weight: float

    @cached_property
    def sums(self) -> Array:
        """What the entries of each vector add up to ``(n,)``."""
        return np.asarray(self.vectors.sum(axis=1, dtype=np.int64), dtype=np.float64).ravel()

    def distances(self, pairs: Pairs) -> Array:
        """Return the exact distance ``(p,)`` of pairs of a query and a gallery image."""
        right = pairs.gallery + len(self.images.query)
        overlap = pair_overlaps(self.vectors, pairs.query, right)
        result = (1.0 - self.weight) * jaccard(overlap, self.sums[pairs.query] + self.sums[right])
        if self.weight:
            distance = self.images.distances(pairs.query, right)
            result += self.weight * relative(distance, self.farthest[pairs.query])
        return result


def jaccard(overlap: Array, sums: Array) -> Array:
    """Return one minus the smaller entries over the larger ones (eq. 10), from both sums.

    It is rounded as cosines are: equal shares of different vectors become equal numbers.
    """
    share = sums - overlap
    np.divide(overlap, share, out=share)
    share /= SIMILARITY_STEP
    np.rint(share, out=share)
    share *= -SIMILARITY_STEP
    share += 1.0
    return share


def count_negatives_ahead(
    reranked: Reranked, relatives: Pairs, found: Pairs, junk: NDArray[np.bool_], chunk: int
) -> HitCounts:
    """Count, for every hit, the valid negatives at least as near, as `ranking` does.

    ``relatives`` are the pairs of one identity, ``found`` the hits among them. A block of products
    settles all but the negatives near a hit; those are settled by their exact distances.
    """
    images = reranked.images
    metric, workers, size = images.metric, images.workers, len(images.query)
    hidden = Hidden(relatives, images.width, size)
    centre = centre_of(images.gallery, metric)
    prepared = prepare_queries(images.query, metric, centre, workers).on(images.device)
    scale = reranked.weight / metric.weight * relative(np.ones(size), reranked.farthest[:size])
    plain = replace(prepared, terms=np.zeros(size))
    thresholds, of_hit = find_thresholds(found.query, reranked.distances(found), plain, _MINUS)
    ahead = np.zeros(len(thresholds.query), dtype=np.int64)
    for tile in gallery_tiles(images.gallery, junk, metric, centre, workers):
        error = scale * error_bound(prepared, tile, metric) + _SINGLE_ERROR
        blocks = _blocks(reranked, prepared, scale, tile, hidden)
        for span in slices(size, chunk):
            own, counts = count_ahead(blocks(span), thresholds, error, reranked.distances, workers)
            ahead[own] += counts
    return HitCounts(found.query, ahead[of_hit])


class _LoneRows(Tile):
    """A tile whose equal rows are told apart: their vectors, and so their distances, differ."""

    @cached_property
    def originals(self) -> Indices:
        return np.arange(len(self.rows))


def _blocks(
    reranked: Reranked, queries: Queries, scale: Array, tile: Tile, hidden: Hidden
) -> Callable[[slice], Block]:
    """Return what computes minus the distances of a run of queries to a tile.

    ``scale`` ``(q,)`` turns nearness into the weighted share of the farthest distance.
    """
    first = len(queries.terms) + tile.span.start
    rows = slice(first, first + len(tile.rows))
    index, sums = reranked.vectors[rows].tocsc(), reranked.sums
    lone = _LoneRows(*(getattr(tile, field.name) for field in fields(tile)))
    junk, there = torch.isneginf(tile.bias).numpy(), tile.on(reranked.images.device)

    def block(span: slice) -> Block:
        overlap = block_overlaps(reranked.vectors[span], index)
        result = jaccard(overlap, sums[span, None] + sums[rows])
        result *= 1.0 - reranked.weight
        product = torch.mm(queries.offsets[span], there.offsets.T).add_(there.bias).cpu().numpy()
        product[:, junk] = 0.0
        distance = queries.terms[span, None] - product
        distance *= scale[span, None]
        result += distance
        nearness = np.negative(result, out=result).astype(np.float32)
        nearness[:, junk] = -np.inf
        relatives = hidden.within(tile, span)
        nearness[relatives.query - span.start, relatives.gallery - tile.span.start] = -np.inf
        return Block(span, lone, torch.from_numpy(nearness))

    return block
