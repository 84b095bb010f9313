"""Scoring a retrieval: from the embeddings of both sides to rank-k, mAP and mINP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from reidbench.engine.retrieval.counting import HitCounts
from reidbench.engine.retrieval.distances import Array, MetricName, metric_named
from reidbench.engine.retrieval.features import Diverged, Features
from reidbench.engine.retrieval.matches import JUNK, Indices
from reidbench.engine.retrieval.ranking import count_negatives_ahead
from reidbench.errors import ReidbenchError


@dataclass(frozen=True)
class QueryMetrics:
    """What each query ``(q,)`` scores, in the order of the queries; NaN where it has no hit."""

    average_precision: Array
    """Mean of the precision at each hit, the finite sum of torchreid and fast-reid."""
    average_precision_trapezoid: Array
    """Area under the precision-recall curve by trapezoids, as Market-1501's toolkit has it."""
    inverse_negative_penalty: Array
    """Hits over the rank of the last one (Ye et al. 2021, mINP)."""
    first_hit_rank: Array
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


@dataclass(frozen=True)
class RetrievalScores(QueryMetrics):
    """The scores of a retrieval: fractions in [0, 1], means over the valid queries.

    A query is valid when the gallery shows its identity from another camera; the others are
    excluded and counted. The arrays ``(queries,)`` follow the query list, with NaN for those.
    """

    rank1: float
    rank5: float
    rank10: float
    mAP: float  # noqa: N815 - the field's name for it
    """Mean of the precision at each hit (the finite sum of torchreid and fast-reid)."""
    mINP: float  # noqa: N815
    mAP_trapezoid: float  # noqa: N815
    """The Market-1501 toolkit's mAP: trapezoids under the precision-recall curve."""
    cmc: Array
    """``(max_rank,)``; 1 beyond the surviving gallery."""
    queries: int
    valid_queries: int
    excluded_queries: int
    gallery: int
    """Gallery images that are ranked: junk is left out, distractors are not."""


def score(
    query: Features,
    gallery: Features,
    *,
    metric: MetricName = "euclidean",
    max_rank: int = 50,
    chunk: int = 1024,
    device: torch.device | None = None,
) -> RetrievalScores:
    """Score how well queries retrieve their identity from the gallery (Market-1501's protocol).

    For each query, gallery images of the same identity *and* camera are removed, and junk
    (identity -1) always is. Identity 0 is a label like any other: a distractor that counts as a
    negative unless queries carry it, as a person of MSMT17 does.

    The ranking is pessimistic: at equal distance a negative is ahead of a hit. A distance depends
    on the two embeddings alone: ``euclidean`` is the squared distance computed in float64,
    ``cosine`` the similarity rounded to 2^-30, 0 for a zero vector. So neither the order of the
    gallery, nor ``chunk`` (queries at a time), nor ``device`` (where the products are computed; the
    CPU by default), nor the number of threads changes any score.

    ``max_rank`` is the length of ``cmc`` alone: rank-5 is the same with ``max_rank=1``, and a
    gallery smaller than ``max_rank`` leaves the curve's tail at 1.

    Raises ``Diverged`` for NaN or infinite embeddings, and ``ReidbenchError`` for sides that do
    not fit each other, a query without an identity, or when no query is valid.
    """
    largest = check(query, gallery, max_rank, chunk)
    counts = count_negatives_ahead(
        query,
        gallery,
        metric_named(metric, largest),
        chunk,
        device or torch.device("cpu"),
    )
    return scores_of(counts, query, gallery, max_rank)


def scores_of(
    counts: HitCounts, query: Features, gallery: Features, max_rank: int
) -> RetrievalScores:
    """Return the scores that follow from the negatives ahead of every hit."""
    each = query_metrics(counts, len(query))
    valid = ~np.isnan(each.first_hit_rank)
    if not valid.any():
        raise ReidbenchError(
            f"retrieval: none of the {len(query)} queries has a gallery image of its identity "
            f"from another camera ({_cameras(query)} in the queries, {_cameras(gallery)} in the "
            "gallery); expected at least one: check that camera ids are read from the file names"
        )
    curve = cumulative_match(each.first_hit_rank, max(max_rank, 10))
    return RetrievalScores(
        rank1=float(curve[0]),
        rank5=float(curve[4]),
        rank10=float(curve[9]),
        mAP=float(each.average_precision[valid].mean()),
        mINP=float(each.inverse_negative_penalty[valid].mean()),
        mAP_trapezoid=float(each.average_precision_trapezoid[valid].mean()),
        cmc=curve[:max_rank],
        queries=len(query),
        valid_queries=int(valid.sum()),
        excluded_queries=int((~valid).sum()),
        gallery=int((gallery.pids != JUNK).sum()),
        **vars(each),
    )


def check(query: Features, gallery: Features, max_rank: int, chunk: int) -> float:
    """Return the largest magnitude of both sides, or raise what `score` raises for them."""
    if query.embeddings.shape[1] != gallery.embeddings.shape[1]:
        raise ReidbenchError(
            f"retrieval: query embeddings have {query.embeddings.shape[1]} entries and gallery "
            f"embeddings {gallery.embeddings.shape[1]}; expected both from the same network"
        )
    if not len(query) or not len(gallery):
        raise ReidbenchError(
            f"retrieval: {len(query)} queries and {len(gallery)} gallery images; expected at "
            "least one of each"
        )
    for side, features, least in (("query", query, 0), ("gallery", gallery, JUNK)):
        if features.pids.min() < least:
            row = int(np.argmax(features.pids < least))
            raise ReidbenchError(
                f"retrieval: {side} image {row} has identity {features.pids[row]}; expected "
                f"{least} or more: leave junk out of the queries, and mark it -1 in the gallery"
            )
    if max_rank < 1 or chunk < 1:
        raise ReidbenchError(
            f"retrieval: max_rank is {max_rank} and chunk is {chunk}; expected 1 or more"
        )
    return max(_largest(query, "query"), _largest(gallery, "gallery"))


def _largest(features: Features, side: str) -> float:
    """Return the largest magnitude, or raise `Diverged`."""
    embeddings = features.embeddings.detach().float()
    largest = float(max(-embeddings.min(), embeddings.max()))
    if np.isfinite(largest):
        return largest
    bad = int((~torch.isfinite(embeddings)).any(dim=1).sum())
    raise Diverged(
        f"retrieval: {bad} of {len(features)} {side} embeddings hold NaN or infinity (as float32)"
    )


def _cameras(features: Features) -> str:
    cameras = np.unique(features.camids)
    shown = ", ".join(str(camera) for camera in cameras[:8])
    return f"cameras {shown}{', ...' if len(cameras) > 8 else ''}"
