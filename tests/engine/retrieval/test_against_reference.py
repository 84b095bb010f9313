"""Every number equals the one that follows from the definitions, to 1e-9."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidbench.engine.retrieval import Features, score
from tests.engine.retrieval.cases import any_case, assert_as_the_reference, permuted, random_case

METRICS = ["euclidean", "cosine"]
KINDS = ["ties", "constant", "duplicates", "fp16", "bf16", "int8", "float"]


@pytest.fixture(params=[4096, 7], ids=["one tile", "many tiles"])
def _tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reidbench.engine.retrieval.chunks.TILE_ROWS", request.param)


@pytest.mark.usefixtures("_tiles")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_random_cases_score_as_the_reference(kind: str, metric: str) -> None:
    for seed in range(80):
        width = 1 + seed % 5
        query, gallery = random_case(seed, kind=kind, width=width, gallery=8 + seed % 40)
        assert_as_the_reference(query, gallery, metric, chunk=1 + seed % 8)


@pytest.mark.usefixtures("_tiles")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_gpu_would_run_scores_as_the_reference(
    kind: str, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The operations for other devices, on the only device that every machine has.
    monkeypatch.setattr("reidbench.engine.retrieval.counting._on_the_cpu", lambda values: False)
    for seed in range(80, 100):
        query, gallery = random_case(seed, kind=kind, width=1 + seed % 5, gallery=8 + seed % 40)
        assert_as_the_reference(query, gallery, metric, chunk=1 + seed % 8)


@pytest.mark.parametrize("metric", METRICS)
def test_wide_embeddings_with_many_near_ties_score_as_the_reference(metric: str) -> None:
    # Distances that differ by less than a float32 product resolves: only exact ones rank them.
    generator = torch.Generator().manual_seed(3)
    query, gallery = random_case(11, queries=5, gallery=120, width=256, kind="float")
    base = torch.randn(1, 256, generator=generator)
    near = base + 1e-4 * torch.randn(120, 256, generator=generator)
    gallery = Features(near, gallery.pids, gallery.camids)
    query = Features(base + 3 * torch.randn(5, 256, generator=generator), query.pids, query.camids)
    assert_as_the_reference(query, gallery, metric)


SIDE = st.tuples(
    st.lists(st.integers(-2, 2), min_size=2, max_size=2),
    st.integers(0, 3),
    st.integers(0, 1),
)


@given(
    queries=st.lists(SIDE, min_size=1, max_size=4),
    gallery=st.lists(SIDE, min_size=1, max_size=12),
    junk=st.sets(st.integers(0, 11)),
    metric=st.sampled_from(METRICS),
    order=st.randoms(use_true_random=False),
)
def test_any_case_scores_as_the_reference_in_any_order(
    queries: list, gallery: list, junk: set[int], metric: str, order: object
) -> None:
    query, images = any_case(queries, gallery, junk, order)
    assert_as_the_reference(query, images, metric, chunk=2)


def test_scores_are_fractions_and_the_cmc_rises_to_one() -> None:
    for seed in range(200):
        query, gallery = random_case(seed, kind="float")
        got = score(query, gallery, max_rank=len(gallery))
        assert (got.cmc[1:] >= got.cmc[:-1]).all()
        assert got.cmc[0] >= 0
        assert got.cmc[-1] == 1
        assert 0 < got.mINP <= 1
        assert 0 < got.mAP_trapezoid <= got.mAP <= 1


@pytest.mark.parametrize("metric", METRICS)
def test_a_common_scale_and_extreme_magnitudes_change_nothing(metric: str) -> None:
    query, gallery = random_case(5, kind="float", width=16)
    plain = score(query, gallery, metric=metric)
    for exponent in (-120, -40, 40, 120):
        scaled = [
            Features(side.embeddings * 2.0**exponent, side.pids, side.camids)
            for side in (query, gallery)
        ]
        assert score(*scaled, metric=metric).mAP == plain.mAP


def test_scores_do_not_depend_on_the_order_of_the_queries() -> None:
    query, gallery = random_case(8, kind="ties")
    order = np.random.default_rng(0).permutation(len(query))
    got = score(permuted(query, order), gallery)
    np.testing.assert_array_equal(
        got.average_precision, score(query, gallery).average_precision[order]
    )
