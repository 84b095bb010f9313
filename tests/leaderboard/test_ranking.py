"""Which rows are ranked, and what is said of those that are not."""

from __future__ import annotations

import numpy as np
import pytest

from reidbench.leaderboard import build
from reidbench.leaderboard.paired_scores import PairedScores
from reidbench.leaderboard.row_trials import RowTrials, gather
from reidbench.results import Result
from tests.leaderboard.builders import dense, failure, result, twice
from tests.leaderboard.pages import only_row, only_table


def test_rows_that_cannot_be_told_apart_may_have_the_same_ranks() -> None:
    results = [
        result("l1", mean_ap=0.7),
        result("fpgm", mean_ap=0.7001),
        result("random", mean_ap=0.5),
    ]
    ranks = {row.method: row.rank for row in only_table(twice(results)).unique_rows}
    assert ranks == {"l1": (1, 2), "fpgm": (1, 2), "random": (3, 3)}


def test_a_single_seed_is_not_ranked_and_its_interval_is_of_networks() -> None:
    results = [dense(), result("l1", mean_ap=0.7), result("random", mean_ap=0.5)]
    for one in only_table(results).sections[0].rows:
        assert one.rank is None
        assert one.delta_interval is not None
        assert one.delta_interval.of_networks
    two = only_row(twice(results), "l1")
    assert two.delta_interval is not None
    assert not two.delta_interval.of_networks


def scattered(method: str, *means: float) -> list[Result]:
    """Results of seeds 0, 1 and so on, as good as this."""
    return [result(method, mean_ap=mean_ap, seed=seed) for seed, mean_ap in enumerate(means)]


def test_deleting_a_bad_seeds_file_does_not_raise_a_row() -> None:
    """With its bad seed it is below; without, its mean is above, and it has no rank."""
    better, lucky = scattered("l1", 0.70, 0.71, 0.69), scattered("fpgm", 0.74, 0.73, 0.56)
    whole, left = [*better, *lucky], [*better, *lucky[:2]]
    assert [it.method for it in only_table(whole).unique_rows] == ["l1", "fpgm"]
    assert only_row(whole, "fpgm").rank is not None
    deleted = only_row(left, "fpgm")
    assert (deleted.rank, deleted.missing_seeds) == (None, (2,))
    assert (deleted.seeds_done, deleted.seeds) == (2, 3)
    assert deleted.notes == ("incomplete: lacks seed 2",)
    assert only_row(left, "l1").rank == (1, 1)


def test_the_suite_says_which_seeds_a_row_must_have() -> None:
    results = [*scattered("l1", 0.70, 0.71), *scattered("fpgm", 0.60, 0.61)]
    (table,) = build(results, seeds=(0, 1, 5, 6)).tables
    for one in table.unique_rows:
        assert (one.rank, one.notes) == (None, ("incomplete: lacks seeds 5, 6",))
        assert (one.seeds_done, one.seeds) == (2, 4)
    assert only_row(results, "l1").rank == (1, 1)


def test_a_seed_that_every_row_of_a_section_lacks_is_missed_by_the_dense_network() -> None:
    results = [*(dense(seed=seed) for seed in (0, 1, 2)), *scattered("l1", 0.70, 0.71)]
    assert only_row(results, "l1").missing_seeds == (2,)


def test_a_row_far_noisier_than_its_section_is_flagged() -> None:
    calm = [
        trial
        for number in range(6)
        for trial in scattered(f"m{number}", 0.70, 0.70 + 0.001 * number, 0.699)
    ]
    results = [*calm, *scattered("wild", 0.76, 0.69, 0.62)]
    wild = only_row(results, "wild")
    assert wild.noisy
    assert wild.notes[0].startswith("noisy: another seed changes it by 6.")
    assert not any(only_row(results, f"m{number}").noisy for number in range(6))
    # Nothing is known to be worse than a row that another seed may put anywhere.
    assert wild.rank == (1, 7)


def test_rows_that_are_not_ranked_are_compared_over_the_seeds_they_have() -> None:
    results = [*(dense(mean_ap=0.8 - 0.1 * seed, seed=seed) for seed in (0, 1, 2))]
    results += [*scattered("l1", 0.79, 0.69), *scattered("fpgm", 0.7, 0.6, 0.5)]
    found = only_row(results, "l1")
    assert found.delta == pytest.approx(-0.01, abs=1e-6)
    assert found.delta_interval is not None
    assert found.delta_interval.mean == pytest.approx(-0.01, abs=1e-6)
    assert not found.delta_interval.of_networks


def test_sections_are_ranked_apart() -> None:
    results = [
        result(method, mean_ap=mean_ap, reduction=reduction)
        for method, mean_ap in (("l1", 0.7), ("random", 0.5))
        for reduction in (0.25, 0.5)
    ]
    ranks = [str(row.rank) for row in only_table(twice(results)).unique_rows]
    assert ranks == ["1", "2", "1", "2"]


def test_an_off_target_row_is_flagged_and_not_ranked_but_stays() -> None:
    results = twice([result("l1", mean_ap=0.9, achieved=0.48), result("random", mean_ap=0.5)])
    off = only_row(results, "l1")
    assert not off.matched
    assert off.rank is None
    assert off.max_miss == pytest.approx(0.02)
    assert off.notes == (
        "off target: misses 50 % by up to 2.00 points, more than the tolerance of 0.5",
    )
    assert only_row(results, "random").rank == (1, 1)


def test_a_row_is_not_ranked_by_the_seeds_that_did_not_fail() -> None:
    results = [
        result("l1", mean_ap=0.9, seed=0),
        failure("l1", status="diverged", error="the loss is not a number", seed=1),
        *twice([result("random", mean_ap=0.5, seed=0)]),
    ]
    survivor = only_row(results, "l1")
    assert survivor.status == "diverged"
    assert survivor.mean_ap == (pytest.approx(0.9), None)
    assert survivor.rank is None
    assert only_row(results, "random").rank == (1, 1)


def test_a_seed_that_was_not_run_is_missing_but_no_failure() -> None:
    results = [result("l1", mean_ap=0.9, seed=0)]
    results += [result("random", mean_ap=0.5, seed=seed) for seed in (0, 1)]
    waiting = only_row(results, "l1")
    assert (waiting.status, waiting.seeds_done, waiting.seeds) == ("done", 1, 2)
    assert waiting.rank is None
    failed = only_row([*results, failure("l1", seed=1, error="no")], "l1")
    assert (failed.missing_seeds, failed.notes) == ((), ("seed 1 failed: no",))


def test_rank_sets_allow_for_all_the_comparisons_of_a_row() -> None:
    rng = np.random.default_rng(1)
    results = [
        trial
        for number in range(9)
        for trial in scattered(f"m{number}", *(0.7 + 0.004 * number + rng.normal(0, 0.006, 3)))
    ]
    trials = gather(results)
    scores = PairedScores(trials)

    def worst(own: RowTrials, comparisons: int) -> int:
        signs = [scores.difference([(own, it)]) for it in trials if it is not own]
        return 9 - sum(it is not None and it.sign(comparisons) > 0 for it in signs)

    ranks = {it.method: it.rank for it in only_table(results).unique_rows}
    found = [ranks[own.id.method] for own in trials]
    assert [it and it.worst for it in found] == [worst(own, 8) for own in trials]
    assert [worst(own, 8) for own in trials] != [worst(own, 1) for own in trials]
