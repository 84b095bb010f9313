"""What re-ranking promises, and the mistakes others have made in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from reidbench.engine.retrieval import Diverged, score
from reidbench.engine.retrieval.reranking.scoring import score_reranked
from reidbench.errors import ReidbenchError
from tests.engine.retrieval.cases import assert_identical, features, line, permuted, random_case
from tests.engine.retrieval.reranking_cases import clustered, distances_of
from tests.support.places import ROOT


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_it_helps_where_people_have_several_images_that_scatter(metric: str) -> None:
    for seed in range(3):
        query, gallery = clustered(seed, queries=60, gallery=600, width=32, people=30, noise=1.5)
        plain = score(query, gallery, metric=metric)
        better = score_reranked(query, gallery, metric=metric)
        assert better.mAP > plain.mAP + 0.1
        assert better.rank1 > plain.rank1


def test_with_all_the_weight_on_the_original_distance_the_scores_are_the_plain_ones() -> None:
    for metric in ("euclidean", "cosine"):
        for kind in ("ties", "duplicates", "constant", "float"):
            query, gallery = random_case(3, queries=30, gallery=200, width=9, kind=kind)
            got = score_reranked(query, gallery, metric=metric, weight=1.0)
            assert_identical(got, score(query, gallery, metric=metric))


def test_a_neighbour_counts_when_it_is_mutual() -> None:
    # The query's nearest are a (1) and b (3); b's own nearest are c and d, not the query.
    query, gallery = line([0], [1], [0]), line([1, 3, 3.5, 4], [1, 1, 2, 2], [1, 1, 1, 1])
    found = distances_of(query, gallery, k1=2, k2=1, weight=0.0)
    assert found[0, 0] < 1
    assert found[0, 1] > found[0, 0]
    assert found[0, 2:].tolist() == [1, 1]


def test_the_distance_that_weighs_is_squared_once_and_over_the_querys_farthest_image() -> None:
    # The farthest image from the query is the other query, at 10.
    query, gallery = line([0, 10], [1, 2], [0, 0]), line([1, 2, 5], [1, 2, 1], [1, 1, 1])
    found = distances_of(query, gallery, weight=1.0)
    np.testing.assert_allclose(found[0], [1 / 100, 4 / 100, 25 / 100], atol=1e-12)


def test_an_image_is_not_among_its_own_k1_but_is_among_the_k2_that_are_averaged() -> None:
    query, gallery = line([0], [1], [0]), line([1, 9, 10], [1, 2, 2], [1, 1, 1])
    # With k1 = 1 the query and its hit are each other's only neighbour, and equal vectors agree.
    found = distances_of(query, gallery, k1=1, k2=2, weight=0.0)
    np.testing.assert_allclose(found[0], [0, 1, 1], atol=1e-12)


def test_junk_is_no_ones_neighbour() -> None:
    query, gallery = clustered(4)
    kept = gallery.pids != -1
    assert not kept.all()
    clean = permuted(gallery, np.flatnonzero(kept))
    assert_identical(score_reranked(query, gallery), score_reranked(query, clean))
    gallery.embeddings[torch.from_numpy(~kept)] = query.embeddings[0]
    assert_identical(score_reranked(query, gallery), score_reranked(query, clean))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_collapsed_network_scores_zero(metric: str, weight: float) -> None:
    random = np.random.default_rng(0)
    query = features(torch.full((20, 64), 0.3), random.integers(0, 5, 20), np.zeros(20))
    gallery = features(torch.full((100, 64), 0.3), np.repeat(range(5), 20), np.ones(100))
    got = score_reranked(query, gallery, metric=metric, weight=weight)
    assert got.rank1 == got.rank10 == 0
    assert got.first_hit_rank.tolist() == [81] * 20


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", ["ties", "constant", "duplicates", "fp16", "int8", "float"])
def test_the_order_of_the_gallery_changes_nothing(kind: str, metric: str) -> None:
    for seed in range(6):
        query, gallery = random_case(seed, queries=9, gallery=90, width=17, kind=kind)
        order = np.random.default_rng(seed).permutation(len(gallery))
        assert_identical(
            score_reranked(query, gallery, metric=metric, k1=1 + 3 * seed),
            score_reranked(query, permuted(gallery, order), metric=metric, k1=1 + 3 * seed),
        )


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", ["ties", "constant", "duplicates", "float"])
def test_chunks_and_threads_change_nothing(kind: str, metric: str) -> None:
    query, gallery = random_case(4, queries=150, gallery=500, width=60, kind=kind)
    threads = torch.get_num_threads()
    whole = score_reranked(query, gallery, metric=metric, chunk=10_000)
    try:
        for chunk, count in ((1, 1), (7, 2), (64, 3)):
            torch.set_num_threads(count)
            assert_identical(whole, score_reranked(query, gallery, metric=metric, chunk=chunk))
    finally:
        torch.set_num_threads(threads)


def test_a_single_query_and_a_gallery_smaller_than_k1_are_fine() -> None:
    got = score_reranked(line([0], [1], [0]), line([1, 2], [1, 2], [1, 1]))
    assert (got.rank1, got.mAP, got.gallery) == (1, 1, 2)
    assert score_reranked(line([0], [1], [0]), line([1], [1], [1])).mAP == 1


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("side", ["query", "gallery"])
def test_features_that_are_not_finite_raise(bad: float, side: str) -> None:
    sides = dict(zip(("query", "gallery"), random_case(0, kind="float"), strict=True))
    sides[side].embeddings[[1, 4], 2] = bad
    with pytest.raises(Diverged, match=f"2 of {len(sides[side])} {side} embeddings"):
        score_reranked(**sides)


@pytest.mark.parametrize(
    "rules", [{"k1": 0}, {"k2": 0}, {"weight": -0.1}, {"weight": 1.5}, {"weight": float("nan")}]
)
def test_rules_out_of_range_are_refused_in_one_sentence(rules: dict) -> None:
    with pytest.raises(ReidbenchError, match=r"re-ranking: k1 is .* expected k1 and k2 of 1 or"):
        score_reranked(*random_case(0), **rules)


def test_what_score_refuses_is_refused() -> None:
    query, gallery = random_case(0)
    with pytest.raises(ReidbenchError, match="chunk is 0"):
        score_reranked(query, gallery, chunk=0)
    with pytest.raises(ReidbenchError, match=r"unknown metric 'euclid'; .* did you mean"):
        score_reranked(query, gallery, metric="euclid")
    with pytest.raises(ReidbenchError, match=r"another camera \(cameras 0 in the queries"):
        score_reranked(line([0], [1], [0]), line([1, 2], [1, 2], [0, 0]))


MEMORY = """
from pathlib import Path
from reidbench.engine.retrieval.reranking.scoring import score_reranked
from tests.engine.retrieval.reranking_cases import clustered

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])

score_reranked(*clustered(0))
case = clustered(0, queries=700, gallery=7000, width=16, people=350)
Path("/proc/self/clear_refs").write_text("5")  # forget the largest so far
before = kilobytes("VmRSS")
score_reranked(*case, chunk=64)
print(kilobytes("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads Linux's /proc")
def test_no_matrix_of_all_pairs_is_ever_held() -> None:
    root = ROOT
    command = [sys.executable, "-c", MEMORY]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # other threads would wait for other processes
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env=alone)
    one_matrix = 4 * 7700**2
    assert 0 < int(done.stdout) * 1024 < one_matrix / 2
