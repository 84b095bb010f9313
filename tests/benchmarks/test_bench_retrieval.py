"""What ranking adds to the distance product that any evaluation needs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from reidbench.retrieval import Features, score

QUERIES, GALLERY, WIDTH, IDENTITIES, CAMERAS, CHUNK = 1000, 8000, 512, 200, 6, 256


def _side(rows: int, seed: int, centres: Tensor, noise: float) -> Features:
    random = np.random.default_rng(seed)
    pids = random.integers(0, IDENTITIES, rows)
    spread = torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed))
    return Features(centres[pids] + noise * spread, pids, random.integers(0, CAMERAS, rows))


@pytest.fixture(scope="module", params=[2.0, 5.0], ids=["trained", "untrained"])
def sides(request: pytest.FixtureRequest) -> tuple[Features, Features]:
    centres = torch.randn(IDENTITIES, WIDTH, generator=torch.Generator().manual_seed(0))
    query = _side(QUERIES, 1, centres, request.param)
    gallery = _side(GALLERY, 2, centres, request.param)
    gallery.pids[::7] = -1
    return query, gallery


def product(query: Tensor, gallery: Tensor) -> None:
    """The squared distances of all pairs, a chunk at a time, and nothing else."""
    lengths = gallery.square().sum(1)
    for rows in query.split(CHUNK):
        torch.addmm(lengths, rows, gallery.T, alpha=-2).add_(rows.square().sum(1, keepdim=True))


@pytest.mark.benchmark(group="retrieval")
def test_the_distance_product_alone(
    benchmark: BenchmarkFixture, sides: tuple[Features, Features]
) -> None:
    benchmark(product, *(side.embeddings for side in sides))


@pytest.mark.benchmark(group="retrieval")
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_scoring_everything(
    benchmark: BenchmarkFixture, sides: tuple[Features, Features], metric: str
) -> None:
    query, gallery = sides
    scores = benchmark(score, query, gallery, metric=metric, chunk=CHUNK)
    sample = list(range(0, QUERIES, QUERIES // 5))
    want = _definition(
        Features(query.embeddings[sample], query.pids[sample], query.camids[sample]),
        gallery,
        metric,
    )
    np.testing.assert_allclose(scores.average_precision[sample], want, atol=1e-9)


def _definition(query: Features, gallery: Features, metric: str) -> list[float]:
    """The average precision of each query, from the definition: sort, then count."""
    normalise = torch.nn.functional.normalize if metric == "cosine" else torch.Tensor.double
    precisions = []
    rows, others = (normalise(side.embeddings.double()) for side in (query, gallery))
    for row, pid, camid in zip(rows, query.pids, query.camids, strict=True):
        same = gallery.pids == pid
        kept = (gallery.pids != -1) & ~(same & (gallery.camids == camid))
        order = np.argsort((others - row).square().sum(1).numpy()[kept], kind="stable")
        ranks = np.flatnonzero(same[kept][order]) + 1
        precisions.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
    return precisions
