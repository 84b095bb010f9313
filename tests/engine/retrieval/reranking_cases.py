"""Re-ranked retrieval cases, and the check against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.testing import assert_allclose

from reidbench.engine.retrieval import Features, RetrievalScores
from reidbench.engine.retrieval.chunks import Workers
from reidbench.engine.retrieval.distances import metric_named
from reidbench.engine.retrieval.matches import JUNK, Pairs
from reidbench.engine.retrieval.reranking.scoring import images_of, rerank, score_reranked
from tests.engine.retrieval import reference, reranking_reference
from tests.engine.retrieval.cases import VECTORS, listed


def clustered(
    seed: int,
    *,
    queries: int = 12,
    gallery: int = 80,
    width: int = 8,
    people: int = 8,
    noise: float = 1.0,
) -> tuple[Features, Features]:
    """People as points, images scattered around them; some of the gallery is junk."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, width))

    def side(size: int, junk: float) -> Features:
        pids, camids = random.integers(0, people, size), random.integers(0, 3, size)
        rows = centres[pids] + noise * random.normal(size=(size, width))
        pids[random.random(size) < junk] = JUNK
        return Features(torch.from_numpy(rows.astype(np.float32)), pids, camids)

    return side(queries, 0.0), side(gallery, 0.1)


def distances_of(
    query: Features,
    gallery: Features,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    metric: Any = "euclidean",
    chunk: int = 256,
) -> np.ndarray:
    """Return the re-ranked distance of every query and gallery image that is not junk."""
    largest = float(torch.cat([query.embeddings, gallery.embeddings]).float().abs().max())
    kept = np.flatnonzero(gallery.pids != JUNK)
    pairs = Pairs(np.repeat(np.arange(len(query)), len(kept)), np.tile(kept, len(query)))
    with Workers.started(1) as workers:
        images = images_of(
            query, gallery, metric_named(metric, largest), workers, torch.device("cpu")
        )
        found = rerank(images, k1, k2, weight, chunk).distances(pairs)
    return found.reshape(len(query), len(kept))


def assert_as_the_reference(query: Features, gallery: Features, **options: Any) -> RetrievalScores:
    """Check every distance and every number that follows from them."""
    kept = [image for image in listed(gallery) if image[1] != JUNK]
    rules = {"k1": 20, "k2": 6, "weight": 0.3, **options}
    rules.pop("chunk", None)
    want = reranking_reference.reranked(
        [row for row, _, _ in listed(query)], [row for row, _, _ in kept], **rules
    )
    assert_allclose(distances_of(query, gallery, **options), want, rtol=0, atol=1e-6)
    got = score_reranked(query, gallery, max_rank=len(gallery) + 3, **options)
    expected = reference.Reference()
    for (_, pid, camid), row in zip(listed(query), want, strict=True):
        ranked = [([d], other, at) for d, (_, other, at) in zip(row, kept, strict=True)]
        each = reference.evaluate([([0.0], pid, camid)], ranked)
        for name, values in vars(each).items():
            getattr(expected, name).extend(values)
    for name, values in zip(VECTORS, vars(expected).values(), strict=True):
        assert_allclose(
            getattr(got, name), np.array(values, dtype=float), rtol=0, atol=1e-9, err_msg=name
        )
    assert abs(got.mAP - expected.mean("average_precision")) < 1e-9
    assert_allclose(got.cmc, [expected.cmc(k + 1) for k in range(len(gallery) + 3)], atol=1e-9)
    return got
