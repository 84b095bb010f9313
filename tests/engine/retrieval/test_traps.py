"""The mistakes evaluators of person re-identification have made, one test each."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from reidbench.engine.retrieval import Diverged, Features, score
from reidbench.errors import ReidbenchError
from tests.engine.retrieval.cases import (
    assert_as_the_reference,
    assert_identical,
    features,
    line,
    permuted,
    random_case,
)

WORKED_QUERY = line([0], [1], [0])
# Ranked: a stranger, a hit, the query's own camera, a hit, a distractor.
WORKED_GALLERY = line([1, 2, 3, 4, 5], [2, 1, 1, 1, 0], [1, 1, 0, 2, 3])


def test_trap_1_the_cmc_stays_right_beyond_the_surviving_gallery() -> None:
    # The second query sees the same gallery from its other end: distances .5 .4 .3 .2 .1.
    query = line([0, 0.6], [1, 2], [0, 0])
    gallery = line([0.1, 0.2, 0.3, 0.4, 0.5], [1, 1, 1, 1, 2], [0, 0, 0, 1, 1])
    assert_allclose(score(query, gallery, max_rank=5).cmc, [1, 1, 1, 1, 1])
    assert_allclose(score(query, gallery, max_rank=50).cmc, np.ones(50))


def test_trap_2_the_worked_average_precision() -> None:
    got = score(WORKED_QUERY, WORKED_GALLERY, max_rank=4)
    assert got.mAP == pytest.approx((1 / 2 + 2 / 3) / 2) == pytest.approx(0.58333, abs=5e-6)
    assert got.mAP_trapezoid == pytest.approx(0.41667, abs=5e-6)
    assert got.mINP == pytest.approx(0.66667, abs=5e-6)
    assert got.cmc.tolist() == [0, 1, 1, 1]
    assert (got.rank1, got.rank5, got.rank10) == (0, 1, 1)
    assert got.first_hit_rank.tolist() == [2]


def test_trap_2_gallery_junk_takes_no_rank() -> None:
    gallery = line([0, 0.5, 1, 2, 4, 5], [-1, -1, 2, 1, 1, 0], [1, 0, 1, 1, 2, 3])
    got = score(WORKED_QUERY, gallery)
    assert got.mAP == pytest.approx(7 / 12)
    assert got.gallery == 4


def test_trap_3_both_average_precisions_are_reported_and_differ() -> None:
    query, gallery = random_case(1, queries=40, gallery=300, width=4, kind="float")
    got = assert_as_the_reference(query, gallery, "euclidean")
    assert 0.0005 < got.mAP - got.mAP_trapezoid < 0.05


def test_trap_4_only_the_same_identity_in_the_same_camera_is_removed() -> None:
    # Nearest first: the query's own camera, a stranger in that camera, the hit in another.
    gallery = line([0.5, 1, 2], [1, 2, 1], [0, 0, 1])
    got = score(line([0], [1], [0]), gallery)
    assert got.first_hit_rank.tolist() == [2]  # 1 with a filter of cameras alone, or none
    assert got.mAP == 0.5


def test_trap_5_queries_without_a_match_are_excluded_counted_and_leave_nan() -> None:
    query = line([0, 0, 0], [7, 1, 1], [0, 0, 1])
    gallery = line([1, 2], [2, 1], [1, 1])
    got = score(query, gallery)
    assert (got.queries, got.valid_queries, got.excluded_queries) == (3, 1, 2)
    assert got.mAP == 0.5
    for vector in (
        got.average_precision,
        got.average_precision_trapezoid,
        got.inverse_negative_penalty,
        got.first_hit_rank,
    ):
        assert np.isnan(vector).tolist() == [True, False, True]


def test_trap_5_no_valid_query_at_all_names_the_cameras() -> None:
    with pytest.raises(ReidbenchError, match=r"another camera \(cameras 0 in the queries"):
        score(line([0], [1], [0]), line([1, 2], [1, 2], [0, 0]))


def test_trap_6_identity_0_is_a_distractor_unless_queries_carry_it() -> None:
    distractor = score(line([0], [1], [0]), line([1, 2], [0, 1], [1, 1]))
    assert distractor.first_hit_rank.tolist() == [2]
    person = score(line([0], [0], [0]), line([1, 2], [0, 1], [1, 1]))
    assert person.first_hit_rank.tolist() == [1]


def test_trap_6_junk_is_dropped_and_identity_0_kept() -> None:
    gallery = line([1, 2, 3, 4, 5], [-1, 0, 2, 2, 3], [1, 1, 1, 1, 1])
    got = score(line([0], [2], [0]), gallery)
    assert got.gallery == 4
    assert got.first_hit_rank.tolist() == [2]


def test_trap_7_a_collapsed_network_scores_zero() -> None:
    random = np.random.default_rng(0)
    query = features(torch.full((20, 64), 0.3), random.integers(0, 5, 20), np.zeros(20))
    gallery = features(torch.full((100, 64), 0.3), np.repeat(range(5), 20), np.ones(100))
    for metric in ("euclidean", "cosine"):
        got = score(query, gallery, metric=metric)
        assert got.rank1 == got.rank10 == 0
        assert got.first_hit_rank.tolist() == [81] * 20


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", ["ties", "constant", "duplicates", "fp16", "int8"])
def test_trap_7_the_order_of_the_gallery_changes_nothing(kind: str, metric: str) -> None:
    for seed in range(20):
        query, gallery = random_case(seed, queries=9, gallery=70, width=33, kind=kind)
        order = np.random.default_rng(seed).permutation(len(gallery))
        assert_identical(
            score(query, gallery, metric=metric),
            score(query, permuted(gallery, order), metric=metric),
        )


def test_trap_7_a_copy_of_a_hit_with_another_identity_is_ahead_of_it() -> None:
    generator = torch.Generator().manual_seed(0)
    for width in (1, 7, 130, 2048):
        rows = torch.randn(2, width, generator=generator)
        filler = torch.randn(50, width, generator=generator) + 100 * rows[:1]
        for place in (0, 17, 50):
            gallery = torch.cat([rows[1:], filler[:place], rows[1:], filler[place:]])
            pids = np.full(52, 9)
            pids[0] = 1
            got = score(features(rows[:1], [1], [0]), features(gallery, pids, np.ones(52)))
            assert got.first_hit_rank.tolist() == [2]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("side", ["query", "gallery"])
def test_trap_8_features_that_are_not_finite_raise(bad: float, side: str) -> None:
    sides = dict(zip(("query", "gallery"), random_case(0, kind="float"), strict=True))
    sides[side].embeddings[[1, 4], 2] = bad
    with pytest.raises(Diverged, match=f"2 of {len(sides[side])} {side} embeddings"):
        score(**sides)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_trap_9_an_image_is_nearest_to_itself(metric: str) -> None:
    embeddings = torch.randn(60, 300, generator=torch.Generator().manual_seed(1)) + 100
    pids = np.arange(60)
    query = features(embeddings, pids, np.zeros(60))
    gallery = features(embeddings, pids, np.ones(60))
    assert score(query, gallery, metric=metric).mINP == 1


def unit(side: Features) -> Features:
    return Features(torch.nn.functional.normalize(side.embeddings), side.pids, side.camids)


def test_trap_9_euclidean_on_unit_embeddings_ranks_as_cosine() -> None:
    for seed in range(10):
        query, gallery = random_case(seed, queries=9, gallery=60, width=64, kind="float")
        cosine = score(query, gallery, metric="cosine")
        assert_identical(score(unit(query), unit(gallery)), cosine)
        assert_identical(score(unit(query), unit(gallery), metric="cosine"), cosine)
        assert score(query, gallery).mAP != cosine.mAP


def test_trap_9_euclidean_on_unit_embeddings_ties_as_cosine() -> None:
    query, gallery = random_case(2, queries=60, gallery=400, width=64, kind="float")
    query, gallery = (
        Features(2 * side.embeddings.sign(), side.pids, side.camids) for side in (query, gallery)
    )
    assert_identical(score(unit(query), unit(gallery)), score(query, gallery, metric="cosine"))


def test_trap_9_a_zero_vector_has_cosine_similarity_0() -> None:
    query = features([[1.0, 0.0]], [1], [0])
    # Ahead of the zero vector: similarity 1. Equal to it: a right angle. Behind: an obtuse one.
    gallery = features(
        [[0.0, 0.0], [3.0, 0.0], [0.0, 2.0], [-1.0, 1.0]], [1, 2, 2, 2], [1, 1, 1, 1]
    )
    assert score(query, gallery, metric="cosine").first_hit_rank.tolist() == [3]
    nobody = features([[0.0, 0.0]], [1], [0])
    assert score(nobody, gallery, metric="cosine").first_hit_rank.tolist() == [4]


def test_trap_9_multiples_of_one_vector_are_equally_near_under_cosine() -> None:
    generator = torch.Generator().manual_seed(4)
    row = torch.randint(-99, 99, (1, 512), generator=generator).float()
    query = features(torch.randn(1, 512, generator=generator), [1], [0])
    for factor in (3.0, 7.0, 1 / 4, 1001.0):
        gallery = features(torch.cat([row, factor * row]), [1, 2], [1, 1])
        assert score(query, gallery, metric="cosine").first_hit_rank.tolist() == [2]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", ["ties", "constant", "duplicates", "fp16", "int8", "float"])
def test_trap_10_chunks_and_threads_change_nothing(kind: str, metric: str) -> None:
    query, gallery = random_case(4, queries=300, gallery=900, width=130, kind=kind)
    threads = torch.get_num_threads()
    whole = score(query, gallery, metric=metric, chunk=10_000)
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            for chunk in (1, 7, 256):
                assert_identical(score(query, gallery, metric=metric, chunk=chunk), whole)
    finally:
        torch.set_num_threads(threads)


def test_trap_10_a_reduced_product_precision_changes_nothing() -> None:
    query, gallery = random_case(6, queries=40, gallery=900, width=256, kind="float")
    whole = score(query, gallery)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert_identical(score(query, gallery), whole)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


def test_trap_13_the_query_itself_in_the_gallery_never_counts() -> None:
    embeddings = torch.randn(40, 16, generator=torch.Generator().manual_seed(2))
    both = features(embeddings, np.repeat(range(10), 4), np.tile(range(4), 10))
    got = assert_as_the_reference(both, both, "euclidean")
    assert got.rank1 < 0.5  # the embeddings know nothing: a self-match would make it 1
