"""Average precision, inverse negative penalty and CMC, from the ranks of the hits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidbench.engine.retrieval.counting import HitCounts
from reidbench.engine.retrieval.matches import Indices

Array = NDArray[np.float64]


@dataclass(frozen=True)
class QueryMetrics:
    """What each query ``(q,)`` scores, in the order of the queries; NaN where it has no hit."""

    average_precision: Array
    """Mean of the precision at each hit, the finite sum of torchreid and fast-reid."""
    trapezoid: Array
    """Area under the precision-recall curve by trapezoids, as Market-1501's toolkit has it."""
    inverse_negative_penalty: Array
    """Hits over the rank of the last one (Ye et al. 2021, mINP)."""
    first_hit: Array
    """Rank of the first hit, from 1."""


def query_metrics(counts: HitCounts, queries: int) -> QueryMetrics:
    """Return the metrics of each of ``queries`` queries.

    The j-th hit has rank j plus the negatives ahead of it: a hit that is nearer than another has
    no more negatives ahead, so the counts alone put the hits in order.
    """
    order = np.lexsort((counts.ahead, counts.query))
    query, ahead = counts.query[order], counts.ahead[order]
    hits = np.bincount(query, minlength=queries)
    first = np.cumsum(hits) - hits
    place = np.arange(len(query)) - first[query] + 1
    rank = place + ahead
    precision = place / rank
    # Just ahead of a hit at rank 1 nothing has been retrieved; the toolkit calls that precision 1.
    before = np.where(rank > 1, (place - 1) / np.maximum(rank - 1, 1), 1.0)
    valid = hits > 0
    return QueryMetrics(
        _means(query, precision, hits),
        _means(query, (before + precision) / 2, hits),
        _at(valid, hits[valid] / rank[(first + hits - 1)[valid]]),
        _at(valid, rank[first[valid]]),
    )


def cumulative_match(first_hit: Array, max_rank: int) -> Array:
    """Return the CMC ``(max_rank,)``: the share of valid queries with a hit among the first k.

    Every valid query has its hit somewhere, so beyond the surviving gallery the curve stays at 1.
    """
    ranks = np.sort(first_hit[~np.isnan(first_hit)])
    return np.searchsorted(ranks, np.arange(1, max_rank + 1), side="right") / len(ranks)


def _means(query: Indices, values: Array, hits: Indices) -> Array:
    sums = np.bincount(query, weights=values, minlength=len(hits))
    means: Array = np.divide(sums, hits, out=np.full(len(hits), np.nan), where=hits > 0)
    return means


def _at(valid: NDArray[np.bool_], values: NDArray[np.floating] | Indices) -> Array:
    result = np.full(len(valid), np.nan)
    result[valid] = values
    return result
