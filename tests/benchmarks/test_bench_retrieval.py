"""What ranking adds to the distance product that any evaluation needs, and what peers take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from reidbench.engine.retrieval import Features, RetrievalScores, score
from tests.benchmarks import peers
from tests.benchmarks.memory import peak_memory, start_watching
from tests.benchmarks.retrieval_features import SIZES, TINY, drawn
from tests.benchmarks.turns import in_turns, note, ratio

CHUNK = 256
PEERS_ROUNDING = {"torchreid": 2e-5, "fast-reid": 1e-6}
"""How far their mAP may be from ours: torchreid adds up all queries in float32."""


def product(query: Tensor, gallery: Tensor) -> None:
    """The squared distances of all pairs, a chunk at a time, and nothing else."""
    lengths = gallery.square().sum(1)
    for rows in query.split(CHUNK):
        torch.addmm(lengths, rows, gallery.T, alpha=-2).add_(rows.square().sum(1, keepdim=True))


@pytest.mark.benchmark(group="evaluation")
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("name", SIZES)
def test_evaluation_beside_the_product_alone(
    benchmark: BenchmarkFixture, name: str, metric: str
) -> None:
    query, gallery = drawn(SIZES[name] if benchmark.enabled else TINY)
    memory: list[float] = []

    def scored() -> RetrievalScores:
        before = start_watching()
        scores = score(query, gallery, metric=metric)
        memory.append(peak_memory() - before)
        return scores

    rounds = 5 if name == "Market-1501" else 2
    alone = partial(product, query.embeddings, gallery.embeddings)
    ours, peer = in_turns(benchmark, scored, alone, rounds=rounds, warm=name == "Market-1501")
    sample = list(range(0, len(query), -(-len(query) // 5)))
    few = Features(query.embeddings[sample], query.pids[sample], query.camids[sample])
    want = definition(few, gallery, metric)
    np.testing.assert_allclose(ours.given.average_precision[sample], want, atol=1e-9)
    size = f"{len(query):,} x {len(gallery):,}"
    beside = {
        "ours": f"{median(ours.seconds):.2f} s",
        "product": f"{median(peer.seconds):.2f} s",
        "mAP": f"{ours.given.mAP:.3f}",
        "memory beside features": f"{max(memory) / 1e6:.0f} MB (bar 512)",
    }
    what = f"evaluation with distances, {name} size ({size}, {metric}), over the product alone"
    note(benchmark, what, ratio(ours, peer), 1.25, "at most", "x", **beside)


@pytest.mark.benchmark(group="evaluation")
@pytest.mark.parametrize("peer_name", ["torchreid", "fast-reid"])
@pytest.mark.parametrize("name", SIZES)
def test_evaluation_beside_a_peers_cython(
    benchmark: BenchmarkFixture, name: str, peer_name: str
) -> None:
    if peer_name == "torchreid":
        source, distances = peers.torchreid_pyx(), peers.torchreid().metrics.compute_distance_matrix
    else:
        source, distances = peers.fastreid_pyx(), whole_matrix
    evaluate = peers.cython_evaluator(source)
    query, gallery = drawn(SIZES[name] if benchmark.enabled else TINY, junk=False)
    theirs = partial(peers_scores, distances, evaluate, query, gallery)
    mine = partial(score, query, gallery)
    ours, peer = in_turns(benchmark, mine, theirs, rounds=1, warm=False)
    cmc, precision = peer.given
    np.testing.assert_allclose(ours.given.cmc, cmc, atol=1e-6)
    apart = abs(ours.given.mAP - precision)
    assert apart < PEERS_ROUNDING[peer_name]
    beside = {
        "ours": f"{median(ours.seconds):.2f} s",
        "peer": f"{median(peer.seconds):.2f} s",
        "mAP": f"{ours.given.mAP:.6f}, {apart:.1e} apart",
    }
    what = f"evaluation with distances, {name} size: {peer_name}'s Cython over ours"
    note(benchmark, what, 1 / ratio(ours, peer), 3.0, "at least", "x", **beside)


def peers_scores(
    distances: Callable[[Tensor, Tensor], Tensor],
    evaluate: Callable[..., tuple[Any, ...]],
    query: Features,
    gallery: Features,
) -> tuple[Any, float]:
    """Return CMC and mAP as a peer's evaluation does: all distances, then its Cython."""
    matrix = distances(query.embeddings, gallery.embeddings).numpy()
    cmc, precision, *_ = evaluate(
        matrix, query.pids, gallery.pids, query.camids, gallery.camids, 50
    )
    return cmc, float(np.mean(precision, dtype=np.float64))


def whole_matrix(query: Tensor, gallery: Tensor) -> Tensor:
    """Return all squared distances in the fewest passes: fast-reid's own cannot be imported."""
    lengths = [side.square().sum(1) for side in (query, gallery)]
    matrix = torch.addmm(lengths[1], query, gallery.T, alpha=-2)
    return matrix.add_(lengths[0].unsqueeze(1))


def definition(query: Features, gallery: Features, metric: str) -> list[float]:
    """The average precision of each query, from the definition: sort, then count."""
    normalise = torch.nn.functional.normalize if metric == "cosine" else torch.Tensor.double
    precisions = []
    others = gallery.embeddings
    for row, pid, camid in zip(query.embeddings, query.pids, query.camids, strict=True):
        same = gallery.pids == pid
        kept = (gallery.pids != -1) & ~(same & (gallery.camids == camid))
        one = normalise(row.double().unsqueeze(0))
        distances = [
            (normalise(part.double()) - one).square().sum(1) for part in others.split(4096)
        ]
        order = np.argsort(torch.cat(distances).numpy()[kept], kind="stable")
        ranks = np.flatnonzero(same[kept][order]) + 1
        precisions.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
    return precisions


def test_the_definition_is_not_fooled_by_its_own_parts() -> None:
    query = Features(torch.zeros(1, 2), np.array([1]), np.array([0]))
    rows = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [0.5, 0.0]])
    gallery = Features(rows, np.array([2, 1, 1, 1]), np.array([0, 1, 1, 0]))
    assert definition(query, gallery, "euclidean") == [pytest.approx((1 / 2 + 2 / 3) / 2)]
