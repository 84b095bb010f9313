"""Differences and their intervals say no more than the data do."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.leaderboard.statistics.contrast import Estimate, Term, contrast
from reidbench.leaderboard.statistics.identity_scores import Array
from tests.leaderboard.statistics.sections import Scored, section
from tests.leaderboard.statistics.slow import Member, slow_contrast


def noisy(mean: float, shape: tuple[int, int], seed: int, noise: float = 0.05) -> Array:
    return np.clip(np.random.default_rng(seed).normal(mean, noise, shape), 0, 1)


class Case(NamedTuple):
    """Queries of sections ``(rows, seeds, queries)``, whose they are, and a contrast of rows."""

    sections: dict[str, Array]
    pids: dict[str, list[int]]
    members: list[Member]
    same: dict[tuple[str, int], str]

    @property
    def terms(self) -> list[Term]:
        made = {name: section(rows, self.pids[name], name) for name, rows in self.sections.items()}
        return [
            made[it.section].term(it.weight, it.place, self.same.get((it.section, it.place)))
            for it in self.members
        ]

    @property
    def found(self) -> Estimate:
        estimate = contrast(self.terms)
        assert estimate is not None
        return estimate


@st.composite
def cases(draw: st.DrawFn, least_seeds: int = 2) -> Case:
    """One to three sections, of which one row may be in several, and weights that add up to 0."""
    seeds = draw(st.integers(least_seeds, 4))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    sections, pids = {}, {}
    for name in "abc"[: draw(st.integers(1, 3))]:
        queries = draw(st.integers(2, 8))
        scores = rng.uniform(0, 1, (draw(st.integers(1, 4)), seeds, queries))
        excluded = draw(st.sets(st.integers(0, queries - 1), max_size=queries - 1))
        scores[:, :, sorted(excluded)] = np.nan
        sections[name] = scores
        pids[name] = draw(st.lists(st.integers(0, 4), min_size=queries, max_size=queries))
    places = [(name, row) for name, rows in sections.items() for row in range(len(rows))]
    chosen = draw(st.lists(st.sampled_from(places), min_size=2, max_size=5))
    weights = rng.uniform(-1, 1, len(chosen))
    weights -= weights.mean()
    members = [Member(float(w), *it) for w, it in zip(weights, chosen, strict=True)]
    same = {(name, 0): "dense" for name in sections} if draw(st.booleans()) else {}
    return Case(sections, pids, members, same)


def assert_alike(a: Estimate, b: Estimate) -> None:
    found, expected = (
        [it.mean, math.sqrt(it.own.variance), math.sqrt(it.shared.variance)] for it in (a, b)
    )
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)
    # A contrast of a row with itself has a variance of rounding alone, known from any number.
    if b.own.variance > 1e-9:
        assert a.own.freedom == pytest.approx(b.own.freedom, rel=1e-6)


@given(cases())
@settings(max_examples=80)
def test_a_contrast_is_what_loops_over_the_formulas_compute(case: Case) -> None:
    scores = {name: rows.tolist() for name, rows in case.sections.items()}
    slow = slow_contrast(case.members, scores, case.pids, case.same)
    found = case.found
    assert found.mean == pytest.approx(slow.mean, abs=1e-9)
    assert found.own.variance == pytest.approx(slow.variance, rel=1e-6, abs=1e-12)
    assert found.shared.variance == pytest.approx(slow.shared, rel=1e-6, abs=1e-12)
    if slow.variance > 1e-9:
        assert found.own.freedom == pytest.approx(slow.freedom, rel=1e-4)
        for comparisons in (1, 7):
            around = found.interval(comparisons)
            assert around.high - found.mean == pytest.approx(slow.half(comparisons), rel=1e-3)
            assert found.mean - around.low == pytest.approx(slow.half(comparisons), rel=1e-3)


@given(cases(), st.randoms())
@settings(max_examples=40)
def test_the_order_of_seeds_does_not_matter(case: Case, random: Random) -> None:
    seeds = len(next(iter(case.sections.values()))[0])
    order = random.sample(range(seeds), seeds)
    turned = {name: rows[:, order] for name, rows in case.sections.items()}
    assert_alike(case._replace(sections=turned).found, case.found)


@given(cases(least_seeds=1), st.randoms())
@settings(max_examples=40)
def test_the_order_and_the_names_of_people_do_not_matter(case: Case, random: Random) -> None:
    if contrast(case.terms) is None:
        return
    sections, pids = {}, {}
    for name, rows in case.sections.items():
        order = random.sample(range(rows.shape[2]), rows.shape[2])
        sections[name] = rows[:, :, order]
        pids[name] = [91 - 7 * case.pids[name][query] for query in order]
    assert_alike(case._replace(sections=sections, pids=pids).found, case.found)


@given(cases(), st.randoms())
@settings(max_examples=40)
def test_the_order_of_rows_and_of_terms_does_not_matter(case: Case, random: Random) -> None:
    name, rows = next(iter(case.sections.items()))
    order = random.sample(range(len(rows)), len(rows))
    members = [
        it._replace(place=order.index(it.place)) if it.section == name else it
        for it in reversed(case.members)
    ]
    same = {
        (where, order.index(place) if where == name else place): row
        for (where, place), row in case.same.items()
    }
    turned = {**case.sections, name: rows[order]}
    assert_alike(case._replace(sections=turned, members=members, same=same).found, case.found)


@given(cases(), st.floats(-0.5, 0.5))
@settings(max_examples=40)
def test_what_all_rows_gain_changes_no_difference(case: Case, by: float) -> None:
    shifted = {name: rows + by for name, rows in case.sections.items()}
    assert_alike(case._replace(sections=shifted).found, case.found)


@given(cases(), st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=4))
@settings(max_examples=40)
def test_what_a_seed_does_to_all_rows_alike_changes_nothing(case: Case, by: list[float]) -> None:
    seeds = len(next(iter(case.sections.values()))[0])
    effect = np.array(by[:seeds])[None, :, None]
    shifted = {name: rows + effect for name, rows in case.sections.items()}
    assert_alike(case._replace(sections=shifted).found, case.found)


@given(cases(least_seeds=1), st.floats(0.1, 10))
@settings(max_examples=40)
def test_intervals_scale_with_the_scores(case: Case, factor: float) -> None:
    if contrast(case.terms) is None:
        return
    scaled = {name: factor * rows for name, rows in case.sections.items()}
    there, back = case.found.interval(), case._replace(sections=scaled).found.interval()
    for end in ("low", "high", "mean"):
        assert getattr(back, end) == pytest.approx(factor * getattr(there, end), abs=1e-7)


@given(cases(least_seeds=1))
@settings(max_examples=40)
def test_turning_the_signs_mirrors_the_interval(case: Case) -> None:
    if contrast(case.terms) is None:
        return
    back = case._replace(members=[it._replace(weight=-it.weight) for it in case.members])
    assert_alike(back.found, replace(case.found, mean=-case.found.mean))
    assert back.found.sign() == -case.found.sign()


@given(cases(), st.integers(2, 50))
def test_one_of_many_comparisons_is_wider_and_one_alone_is_not(case: Case, many: int) -> None:
    alone, among = case.found.interval(), case.found.interval(many)
    assert case.found.interval(1) == alone
    assert among.mean == alone.mean
    assert among.low <= alone.low <= alone.mean <= alone.high <= among.high


@given(st.integers(2, 6), st.integers(0, 999))
def test_two_rows_alone_have_the_paired_t_interval_over_seeds(seeds: int, draw: int) -> None:
    # Of one query each there are no people to allow for.
    rows = np.random.default_rng(draw).uniform(0, 1, (2, seeds, 1))
    found = section(rows, [0]).difference(0, 1)
    by_seed = rows[0, :, 0] - rows[1, :, 0]
    assert found.mean == pytest.approx(by_seed.mean())
    assert found.variance == pytest.approx(by_seed.var(ddof=1) / seeds)
    assert found.own.freedom == pytest.approx(seeds - 1)


def test_rows_of_two_sections_have_the_paired_t_interval_if_they_are_alone_there() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (2, 4, 1))
    one, other = (Scored(rows[[place]], test_set=place) for place in (0, 1))
    found = contrast([one.term(1, 0), other.term(-1, 0)])
    assert found is not None
    alone = Scored(rows).difference(0, 1).interval()
    assert found.interval().points == pytest.approx(alone.points)


def test_what_seeds_do_to_a_section_counts_where_sections_are_compared() -> None:
    """Ten rows do not make a lucky seed of their common base network less lucky."""
    calm = np.random.default_rng(0).normal(0.5, 0.001, (2, 10, 3, 1))
    lucky = calm[0] + np.array([0.1, -0.1, 0.0])[None, :, None]
    one, other = Scored(lucky), Scored(calm[1], test_set="elsewhere")
    found = contrast(
        [it.term(sign / 10, row) for sign, it in ((1, one), (-1, other)) for row in range(10)]
    )
    assert found is not None
    assert math.sqrt(found.shared.variance) == pytest.approx(0.1 / math.sqrt(3), rel=0.05)
    assert found.shared.freedom == 2
    assert found.interval().high > 4.2 * 0.1 / math.sqrt(3)
    assert math.sqrt(one.difference(0, 1).variance) < 0.002


def test_a_row_in_several_sections_has_one_noise() -> None:
    """The one dense network that three sections are compared with is no surer for that."""
    rng = np.random.default_rng(3)
    sections = [Scored(rng.normal(0.5, 0.01, (8, 3, 1)), test_set=it) for it in range(3)]

    def pooled(row: str | None) -> float:
        pairs = [(it.term(1 / 3, 1), it.term(-1 / 3, 0, row)) for it in sections]
        found = contrast([term for pair in pairs for term in pair])
        assert found is not None
        return found.variance

    noise = [it.noise.shrunk[0] / 27 for it in sections]
    together = sum(math.sqrt(it) for it in noise) ** 2
    assert pooled("dense") - pooled(None) == pytest.approx(together - sum(noise))


def test_a_difference_that_changes_its_sign_with_the_seed_is_not_clear() -> None:
    a, pids = noisy(0.5, (3, 300), 1), list(range(300))
    b = a - np.array([[0.08], [0.02], [-0.06]])
    for seed in range(3):
        assert section([a[[seed]], b[[seed]]], pids).difference(0, 1).sign() != 0
    assert section([a, b], pids).difference(0, 1).sign() == 0


def test_queries_of_one_identity_are_not_taken_for_independent() -> None:
    a = noisy(0.5, (2, 20), 1, noise=0.2).repeat(30, axis=1)
    a[1] = a[0]
    rows = [a, np.full_like(a, 0.5)]
    together = section(rows, [query // 30 for query in range(600)]).difference(0, 1)
    apart = section(rows, list(range(600))).difference(0, 1)
    assert together.variance > 9 * apart.variance


def test_people_of_different_test_sets_are_independent() -> None:
    a, b = noisy(0.5, (1, 40), 1), noisy(0.5, (1, 40), 2)
    here, there = (section([a, b], list(range(40)), name) for name in ("here", "there"))

    def variance(*of: tuple[Scored, int]) -> float:
        found = contrast([t for it, s in of for t in (it.term(s / 2, 0), it.term(-s / 2, 1))])
        assert found is not None
        return found.variance

    assert variance((here, 1), (here, 1)) == pytest.approx(2 * variance((here, 1), (there, 1)))
    # On one test set, who is in it helps one pair as much as it harms the other.
    assert variance((here, 1), (here, -1)) == pytest.approx(0, abs=1e-15)
    assert variance((here, 1), (there, -1)) > 0


def test_a_single_seed_says_how_networks_differ_over_people() -> None:
    a, b = noisy(0.6, (1, 50), 1), noisy(0.5, (1, 50), 2)
    found = section([a, b], list(range(50))).difference(0, 1)
    assert found.of_networks and found.interval().of_networks
    assert found.variance == pytest.approx((a - b).var(ddof=1) / 50)
    assert found.own.freedom == pytest.approx(49)
    assert (
        not section([a.repeat(2, 0), b.repeat(2, 0)], list(range(50))).difference(0, 1).of_networks
    )


def test_a_single_seed_and_a_single_person_say_nothing() -> None:
    rows = section([[[0.5]], [[0.6]]], [0])
    assert contrast([rows.term(1, 0), rows.term(-1, 1)]) is None


def test_identical_rows_do_not_differ_at_all() -> None:
    row = noisy(0.5, (2, 60), 1)
    found = section([row, row, row + 1e-15], list(range(60)))
    assert found.difference(0, 1).interval().points == pytest.approx((0, 0), abs=1e-9)
    assert {found.difference(0, it).sign() for it in (1, 2)} == {0}


def test_a_small_but_consistent_difference_is_found_because_queries_are_paired() -> None:
    hard = np.linspace(0.1, 0.9, 60)[None, :].repeat(2, axis=0)
    better = hard + np.random.default_rng(0).normal(0.01, 0.005, hard.shape)
    assert section([better, hard], list(range(60))).difference(0, 1).sign() == 1


def test_a_clearly_better_row_ranks_first_and_alone() -> None:
    rows = [noisy(mean, (3, 120), seed) for seed, mean in enumerate((0.5, 0.9, 0.5, 0.2))]
    ranked = section(rows, [query // 3 for query in range(120)]).ranked()
    assert [str(it) for it in ranked] == ["2-3", "1", "2-3", "4"]


def test_identical_rows_share_all_ranks() -> None:
    row = noisy(0.5, (2, 60), 1)
    assert section([row] * 4, list(range(60))).ranked() == [(1, 4)] * 4


def test_one_networks_intervals_miss_about_once_in_twenty_times() -> None:
    wrong = sum(
        section([noisy(0.5, (1, 50), 2 * draw), noisy(0.5, (1, 50), 2 * draw + 1)], list(range(50)))
        .difference(0, 1)
        .sign()
        != 0
        for draw in range(200)
    )
    assert 2 <= wrong <= 24
