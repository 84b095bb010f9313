"""Every re-ranked distance follows from the paper's equations, to 1e-6, and every score from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.retrieval.cases import any_case, permuted, random_case
from tests.engine.retrieval.reranking_cases import assert_as_the_reference, clustered

METRICS = ["euclidean", "cosine"]
KINDS = ["ties", "constant", "duplicates", "fp16", "int8", "float"]
HERE = "reidbench.engine.retrieval.reranking"


@pytest.fixture(params=["whole", "pieces"])
def _pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles, blocks and batches of a few rows."""
    if request.param == "pieces":
        monkeypatch.setattr("reidbench.engine.retrieval.chunks.TILE_ROWS", 14)
        monkeypatch.setattr(f"{HERE}.encoding._BLOCK_ROWS", 5)
        monkeypatch.setattr(f"{HERE}.scoring._TERMS", 10)
        monkeypatch.setattr(f"{HERE}.scoring._PAIRS", 9)
        monkeypatch.setattr(f"{HERE}.images._FEW_PAIRS", 0)


@pytest.mark.usefixtures("_pieces")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_random_cases_score_as_the_reference(kind: str, metric: str) -> None:
    for seed in range(8):
        query, gallery = random_case(seed, kind=kind, width=1 + seed % 5, gallery=8 + 3 * seed)
        assert_as_the_reference(
            query,
            gallery,
            metric=metric,
            k1=(20, 1, 2, 3, 5, 6, 7, 8)[seed],
            k2=(6, 1, 2, 9, 3)[seed % 5],
            weight=(0.3, 0.0, 1.0, 0.7)[seed % 4],
            chunk=1 + seed % 8,
        )


@pytest.mark.usefixtures("_pieces")
@pytest.mark.parametrize("metric", METRICS)
def test_clusters_with_the_papers_numbers_score_as_the_reference(metric: str) -> None:
    query, gallery = clustered(1)
    assert_as_the_reference(query, gallery, metric=metric, chunk=7)


def test_clusters_that_float32_cannot_tell_apart_score_as_the_reference() -> None:
    query, gallery = clustered(2, people=3, noise=1e-6)
    assert_as_the_reference(query, gallery)


SIDE = st.tuples(
    st.lists(st.integers(-2, 2), min_size=2, max_size=2),
    st.integers(0, 3),
    st.integers(0, 1),
)


@given(
    queries=st.lists(SIDE, min_size=1, max_size=4),
    gallery=st.lists(SIDE, max_size=12),
    junk=st.sets(st.integers(0, 11)),
    rules=st.fixed_dictionaries(
        {
            "metric": st.sampled_from(METRICS),
            "k1": st.integers(1, 25),
            "k2": st.integers(1, 8),
            "weight": st.sampled_from([0.0, 0.3, 0.5, 1.0]),
            "chunk": st.integers(1, 5),
        }
    ),
    order=st.randoms(use_true_random=False),
)
def test_any_case_scores_as_the_reference_in_any_order(
    queries: list, gallery: list, junk: set[int], rules: dict, order: object
) -> None:
    query, images = any_case(queries, gallery, junk, order)
    assert_as_the_reference(query, images, **rules)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**20),
    noise=st.sampled_from([0.01, 0.3, 1.0]),
    k1=st.integers(1, 12),
    k2=st.integers(1, 6),
    chunk=st.integers(1, 40),
)
def test_any_clusters_score_as_the_reference(
    seed: int, noise: float, k1: int, k2: int, chunk: int
) -> None:
    query, gallery = clustered(seed, queries=4, gallery=30, width=3, people=3, noise=noise)
    query = permuted(query, np.arange(1 + seed % 4))
    gallery.pids[0], gallery.camids[0] = query.pids[0], query.camids[0] + 1
    assert_as_the_reference(query, gallery, k1=k1, k2=k2, chunk=chunk)
