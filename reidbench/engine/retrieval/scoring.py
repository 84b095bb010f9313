"""Scoring a retrieval: from the embeddings of both sides to rank-k, mAP and mINP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from reidbench.engine.retrieval.counting import HitCounts
from reidbench.engine.retrieval.distances import MetricName, metric_named
from reidbench.engine.retrieval.features import Diverged, Features
from reidbench.engine.retrieval.matches import JUNK
from reidbench.engine.retrieval.metrics import cumulative_match, query_metrics
from reidbench.engine.retrieval.ranking import count_negatives_ahead
from reidbench.errors import ReidbenchError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RetrievalScores:
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
    average_precision: Array
    average_precision_trapezoid: Array
    inverse_negative_penalty: Array
    first_hit_rank: Array


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
    valid = ~np.isnan(each.first_hit)
    if not valid.any():
        raise ReidbenchError(
            f"retrieval: none of the {len(query)} queries has a gallery image of its identity "
            f"from another camera ({_cameras(query)} in the queries, {_cameras(gallery)} in the "
            "gallery); expected at least one: check that camera ids are read from the file names"
        )
    curve = cumulative_match(each.first_hit, max(max_rank, 10))
    return RetrievalScores(
        rank1=float(curve[0]),
        rank5=float(curve[4]),
        rank10=float(curve[9]),
        mAP=float(each.average_precision[valid].mean()),
        mINP=float(each.inverse_negative_penalty[valid].mean()),
        mAP_trapezoid=float(each.trapezoid[valid].mean()),
        cmc=curve[:max_rank],
        queries=len(query),
        valid_queries=int(valid.sum()),
        excluded_queries=int((~valid).sum()),
        gallery=int((gallery.pids != JUNK).sum()),
        average_precision=each.average_precision,
        average_precision_trapezoid=each.trapezoid,
        inverse_negative_penalty=each.inverse_negative_penalty,
        first_hit_rank=each.first_hit,
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
