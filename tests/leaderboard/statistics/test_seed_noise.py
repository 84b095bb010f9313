"""How far another seed would move a row of a section."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.leaderboard.statistics.identity_scores import Array
from reidbench.leaderboard.statistics.seed_noise import SeedNoise
from tests.leaderboard.statistics.slow import own_variances, shrunk_variances


@st.composite
def means(draw: st.DrawFn) -> Array:
    shape = draw(st.integers(1, 9)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    wild = rng.random((shape[0], 1)) < draw(st.sampled_from([0, 0.3]))
    return 0.5 + np.where(wild, 0.1, 0.01) * rng.normal(size=shape)


@given(means())
def test_it_is_what_loops_compute(found: Array) -> None:
    noise = SeedNoise(found)
    assert noise.own == pytest.approx(own_variances(found.tolist()))
    assert noise.shrunk == pytest.approx(shrunk_variances(found.tolist()))
    assert noise.shared == pytest.approx([np.mean(seed) for seed in found.T])


@given(means())
def test_shrinking_never_makes_a_row_surer_than_it_is(found: Array) -> None:
    noise = SeedNoise(found)
    assert (noise.shrunk >= noise.own).all()
    assert (noise.shrunk >= min(noise.own)).all()


@given(means(), st.lists(st.floats(-0.3, 0.3), min_size=5, max_size=5))
def test_what_a_seed_does_to_all_rows_alike_is_no_noise(found: Array, by: list[float]) -> None:
    moved = SeedNoise(found + np.array(by[: found.shape[1]]))
    assert moved.own == pytest.approx(SeedNoise(found).own, abs=1e-12)


def test_two_rows_have_half_the_variance_of_their_difference() -> None:
    found = np.array([[0.5, 0.6, 0.4], [0.5, 0.52, 0.41]])
    expected = (found[0] - found[1]).var(ddof=1) / 2
    assert SeedNoise(found).own == pytest.approx([expected, expected])


def test_a_row_alone_shares_everything() -> None:
    noise = SeedNoise(np.array([[0.5, 0.7]]))
    assert (noise.own.tolist(), noise.shrunk.tolist(), noise.freedom) == ([0], [0], 0)


def test_a_row_far_noisier_than_its_section_is_known() -> None:
    calm = np.random.default_rng(0).normal(0.5, 0.004, (9, 3))
    wild = np.vstack([calm, [[0.55, 0.45, 0.50]]])
    assert [SeedNoise(wild).is_noisy(row) for row in range(10)] == [False] * 9 + [True]
    assert not any(SeedNoise(calm).is_noisy(row) for row in range(9))


@pytest.mark.parametrize("wild", [1, 2])
def test_rows_that_are_far_noisier_hardly_widen_the_others(wild: int) -> None:
    rows = 0.5 + 0.004 * np.random.default_rng(0).permuted(np.tile([-1, 0, 1], (24, 1)), axis=1)
    calm = SeedNoise(rows.copy())
    rows[:wild] = [[0.54, 0.46, 0.5], [0.5, 0.54, 0.46]][:wild]
    noise = SeedNoise(rows)
    assert noise.own.mean() > 4 * calm.usual
    assert calm.usual < noise.usual < 3 * calm.usual
    assert [noise.is_noisy(row) for row in range(24)] == [row < wild for row in range(24)]


@given(means())
def test_the_usual_variance_is_the_mean_where_rows_are_alike(found: Array) -> None:
    noise = SeedNoise(found)
    assert noise.usual <= noise.own.mean() * (1 + 1e-12)
    if len(found) < 4:
        assert noise.usual == pytest.approx(noise.own.mean())


def test_what_is_written_as_no_deviation_is_not_noisy() -> None:
    still = np.full((9, 3), 0.5)
    still[0] += np.array([0.0001, -0.0001, 0])
    assert not SeedNoise(still).is_noisy(0)
