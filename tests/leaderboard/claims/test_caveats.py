"""What a claim leaves out, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from reidbench.leaderboard import build
from reidbench.results import Result
from tests.leaderboard.builders import PIDS, dense, failure, result, twice
from tests.leaderboard.claim_cases import claim, judged, over_seeds


def off(method: str, reason: str, **others: Any) -> Result:
    if reason == "off target":
        return result(method, achieved=0.45, **others)
    return failure(method, status=reason, error="why", **others)  # type: ignore[arg-type]


REASONS = ("failed", "diverged", "off target", "not applicable")


@pytest.mark.parametrize("reason", REASONS)
def test_a_pair_is_left_out_with_its_reason(reason: str) -> None:
    verdict = judged([dense(), result("l1"), off("fpgm", reason)], rows={"reduction": 0.5})
    assert len(verdict.pairs) == 1
    assert verdict.asked == (1 if reason == "not applicable" else 2)
    assert f"left out, {reason}: fpgm" in verdict.notes


@pytest.mark.parametrize("reason", REASONS)
def test_nothing_left_to_judge_leaves_a_claim_undecided(reason: str) -> None:
    verdict = judged([dense(), off("l1", reason)])
    assert (verdict.standing, verdict.difference, verdict.pairs) == ("undecided", None, ())
    assert verdict.notes == ("none of its pairs can be judged", f"left out, {reason}")


def test_a_row_is_not_judged_by_the_seeds_that_did_not_fail() -> None:
    results = [*over_seeds("dense", 0.8), *over_seeds("l1", 0.9)[:2]]
    results.append(failure("l1", seed=2, error="why"))
    assert judged(results).notes[-1] == "left out, failed"


def test_a_row_that_lacks_a_seed_is_not_judged_by_the_others() -> None:
    results = [*over_seeds("dense", 0.8), *over_seeds("l1", 0.79)[:2], *over_seeds("fpgm", 0.79)]
    verdict = judged(results, rows={"reduction": 0.5}, at_least=-5)
    assert (verdict.standing, len(verdict.pairs), verdict.asked) == ("undecided", 1, 2)
    assert "left out, incomplete, as a seed was not run: l1" in verdict.notes
    assert judged([it for it in results if it.trial.seed < 2], at_least=-5).asked == 1


def test_the_seeds_that_a_suite_asks_for_are_asked_of_the_rows_of_its_claims() -> None:
    results = [*over_seeds("dense", 0.8), *over_seeds("l1", 0.79)]
    (verdict,) = build(results, [claim(at_least=-5)], seeds=(0, 1, 2, 3)).claims
    assert verdict.notes[-1] == "left out, incomplete, as a seed was not run"
    assert judged(results, at_least=-5).standing == "supported"


def test_rows_without_a_common_seed_are_no_pair() -> None:
    results = [dense(backbone="resnet34", seed=0), result("l1", seed=1)]
    verdict = judged(results, against={"method": "dense", "backbone": "resnet34"})
    assert verdict.notes[-1] == "left out, without a seed in common"


def test_pairs_that_share_no_seed_are_not_judged_together_but_each() -> None:
    results = [
        make(target=target, seed=seed, key=f"{target}{make.__name__}{seed}")
        for target, seeds in (("here", (0, 1)), ("there", (2, 3)))
        for seed in seeds
        for make in (dense, result)
    ]
    verdict = judged(results)
    assert (verdict.standing, verdict.difference, len(verdict.pairs)) == ("undecided", None, 2)
    assert verdict.notes[0].startswith("its pairs share no seed")
    assert judged(results, judge="each").difference is not None


def test_a_counterpart_or_a_row_that_is_not_there_is_missed() -> None:
    results = [dense(), result("l1"), result("l1", scenario="other", key="o")]
    verdict = judged(results, rows={"method": ["l1", "fpgm"], "reduction": 0.5})
    assert (len(verdict.pairs), verdict.asked) == (1, 3)
    assert "left out, not among the results: dense (for other); fpgm, 50 %" in verdict.notes


def test_a_claim_on_nothing_that_was_run_says_so() -> None:
    verdict = judged([dense(), result("fpgm")])
    assert (verdict.standing, verdict.asked) == ("undecided", 1)
    assert verdict.notes[0] == "there is no row that it speaks of"


def test_no_more_than_four_of_the_pairs_left_out_are_named() -> None:
    methods = [f"m{number}" for number in range(6)]
    results = [dense(), *(failure(method, error="why") for method in methods)]
    verdict = judged(results, rows={"method": methods})
    assert "left out, failed: m0; m1; m2; m3; and 2 more" in verdict.notes
    assert (
        "left out, failed: m0; m1; m2; m3"
        in judged(results[:5], rows={"method": methods[:4]}).notes
    )


def test_each_pair_is_not_supported_while_one_is_left_out() -> None:
    fine = twice([dense(mean_ap=0.7), result("l1", mean_ap=0.75)])
    rows = {"reduction": 0.5}
    lost = judged([*fine, *twice([failure("fpgm", error="why")])], rows=rows, judge="each")
    assert lost.standing == "undecided"
    assert lost.notes[0].startswith("all pairs that were judged support it")
    inapplicable = [*fine, *twice([failure("fpgm", status="not applicable", error="why")])]
    assert judged(inapplicable, rows=rows, judge="each").standing == "supported"


def test_a_mean_of_what_ended_well_does_not_speak_for_what_failed() -> None:
    fine = twice([dense(mean_ap=0.7), result("l1", mean_ap=0.75)])
    lost = twice([failure("fpgm", error="why")])
    verdict = judged([*fine, *lost], rows={"reduction": 0.5})
    assert verdict.standing == "undecided"
    assert verdict.notes[0].startswith("the pairs that were judged support it")
    assert judged(fine, rows={"reduction": 0.5}).standing == "supported"


def test_each_pair_is_refuted_by_one_whatever_is_left_out() -> None:
    results = twice([dense(mean_ap=0.8), result("l1", mean_ap=0.6), failure("fpgm", error="why")])
    assert judged(results, rows={"reduction": 0.5}, judge="each").standing == "refuted"


def test_rows_scored_on_different_queries_of_one_target_are_no_pair() -> None:
    small = dense(backbone="resnet34", pids=PIDS[::-1])
    verdict = judged([small, result("l1")], against={"method": "dense", "backbone": "resnet34"})
    assert verdict.notes[-1] == "left out, scored on different queries"


def test_one_seed_and_drawn_data_are_pointed_out() -> None:
    one, drawn = "one seed: the interval", "judged on drawn data"
    covered = "on synthped, at 50 %, seed"
    notes = zip(judged([dense(), result("l1")]).notes, (one, covered, drawn), strict=True)
    assert all(note.startswith(start) for note, start in notes)
    many = [*over_seeds("dense", 0.8, drawn=False), *over_seeds("l1", 0.8, drawn=False)]
    (where,) = judged(many).notes
    assert where.startswith(covered)
    mixed = [*over_seeds("dense", 0.8), *over_seeds("l1", 0.8)]
    mixed += [dense(target="b", key="d"), result("l1", target="b", key="l")]
    first, *_ = judged(mixed).notes
    assert first.startswith(one) and first.endswith("(1 of the pairs)")


def test_one_seed_decides_nothing() -> None:
    one = [dense(mean_ap=0.8), result("l1", mean_ap=0.6)]
    for judge in ("together", "each"):
        verdict = judged(one, judge=judge)
        assert verdict.difference is not None and verdict.difference.of_networks
        assert verdict.standing == "undecided"
        assert judged(twice(one), judge=judge).standing == "refuted"


def test_rows_that_keep_every_channel_have_no_reduction_to_point_out() -> None:
    results = [dense(), dense(backbone="resnet34", key="other")]
    rows = {"method": "dense", "backbone": "resnet18"}
    notes = judged(results, rows=rows, against={"backbone": "resnet34"}).notes
    assert "on synthped, seed 0" in notes
