"""Retrieval cases for the tests, and the check against the reference."""

from __future__ import annotations

import numpy as np
import torch
from numpy.testing import assert_allclose

from reidbench.engine.retrieval import Features, RetrievalScores, score
from tests.engine.retrieval import reference

VECTORS = (
    "average_precision",
    "average_precision_trapezoid",
    "inverse_negative_penalty",
    "first_hit_rank",
)


def features(embeddings: object, pids: object, camids: object) -> Features:
    tensor = embeddings if isinstance(embeddings, torch.Tensor) else torch.tensor(embeddings)
    return Features(tensor, np.array(pids, dtype=np.int64), np.array(camids, dtype=np.int64))


def line(distances: list[float], pids: list[int], camids: list[int]) -> Features:
    """Gallery images at these distances from a query at 0."""
    return features([[float(d)] for d in distances], pids, camids)


def random_case(
    seed: int, *, queries: int = 6, gallery: int = 30, width: int = 3, kind: str = "ties"
) -> tuple[Features, Features]:
    """A case with junk, distractors, and queries without a match; query 0 always has one."""
    random = np.random.default_rng(seed)

    def draw(rows: int) -> torch.Tensor:
        if kind == "ties":
            return torch.from_numpy(random.integers(-1, 2, (rows, width)).astype(np.float32))
        if kind == "constant":
            return torch.full((rows, width), 0.1)
        values = torch.from_numpy(random.normal(size=(rows, width)).astype(np.float32))
        if kind == "duplicates":
            values = values[torch.from_numpy(random.integers(0, max(1, rows // 4), rows))]
        dtypes = {"fp16": torch.float16, "bf16": torch.bfloat16}
        if kind == "int8":
            return (values * 40).clamp(-128, 127).to(torch.int8)
        return values.to(dtypes.get(kind, torch.float32))

    query = features(draw(queries), random.integers(0, 7, queries), random.integers(0, 3, queries))
    pids, camids = random.integers(-1, 6, gallery), random.integers(0, 3, gallery)
    place = random.integers(gallery)
    pids[place], camids[place] = query.pids[0], (query.camids[0] + 1) % 3
    return query, features(draw(gallery), pids, camids)


def permuted(side: Features, order: np.ndarray) -> Features:
    rows = side.embeddings[torch.from_numpy(order)]
    return Features(rows, side.pids[order], side.camids[order])


def assert_identical(a: RetrievalScores, b: RetrievalScores) -> None:
    for name, value in vars(a).items():
        np.testing.assert_array_equal(value, getattr(b, name), err_msg=name)


def listed(side: Features) -> list[tuple[list[float], int, int]]:
    rows = side.embeddings.double().tolist()
    return list(zip(rows, side.pids.tolist(), side.camids.tolist(), strict=True))


def assert_as_the_reference(
    query: Features, gallery: Features, metric: str, **options: int
) -> RetrievalScores:
    got = score(query, gallery, metric=metric, max_rank=len(gallery) + 3, **options)
    want = reference.evaluate(listed(query), listed(gallery), metric)
    for name, expected in zip(VECTORS, vars(want).values(), strict=True):
        assert_allclose(
            getattr(got, name), np.array(expected, dtype=float), rtol=0, atol=1e-9, err_msg=name
        )
    means = {
        "mAP": want.mean("average_precision"),
        "mAP_trapezoid": want.mean("trapezoid"),
        "mINP": want.mean("inverse_negative_penalty"),
        "rank1": want.cmc(1),
        "rank5": want.cmc(5),
        "rank10": want.cmc(10),
    }
    for name, expected in means.items():
        assert abs(getattr(got, name) - expected) < 1e-9, name
    assert_allclose(got.cmc, [want.cmc(k + 1) for k in range(len(gallery) + 3)], atol=1e-9)
    assert got.valid_queries == sum(rank is not None for rank in want.first_hit)
    assert got.valid_queries + got.excluded_queries == got.queries == len(query)
    return got


def any_case(
    queries: list, gallery: list, junk: set[int], order: object
) -> tuple[Features, Features]:
    """Return rows, identities and cameras as two sides, in any order, with a hit for the first."""
    _, pid, camid = queries[0]
    gallery = [
        (row, -1 if place in junk else other, camera)
        for place, (row, other, camera) in enumerate(gallery)
    ] + [([1, 1], pid, camid + 1)]
    order.shuffle(gallery)
    query, images = (
        features(
            [[float(x) for x in row] for row, _, _ in side], *list(zip(*side, strict=True))[1:]
        )
        for side in (queries, gallery)
    )
    return query, images
