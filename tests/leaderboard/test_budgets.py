"""Only rows that train for the dense network's epochs are ranked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.leaderboard import Row, build, to_csv, to_markdown, to_terminal
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.results import PhaseReport, Result
from tests.leaderboard.builders import dense, failure, phase, result, twice
from tests.leaderboard.claim_cases import judged, over_seeds
from tests.leaderboard.pages import csv_rows, only_table

TWICE = [phase("prune", epochs=0), phase("train", epochs=40), phase("train", epochs=20)]


def longer(phases: list[PhaseReport] = TWICE, **others: Any) -> Result:
    """A control that trains for the dense network's compute, the best of all."""
    return result("patient", mean_ap=0.85, control=True, phases=phases, **others)


def rows(results: list[Result]) -> dict[str, Row]:
    return {row.method: row for row in only_table(results).unique_rows}


def test_a_row_that_trains_longer_has_no_rank_and_says_why() -> None:
    found = rows(twice([dense(), longer(), result("l1", mean_ap=0.7), result("fpgm", mean_ap=0.5)]))
    assert (found["patient"].rank, found["patient"].on_budget) == (None, False)
    assert found["patient"].notes == ("off budget: 60 instead of 30 epochs on synthped",)
    assert (found["l1"].rank, found["fpgm"].rank) == ((1, 1), (2, 2))
    assert found["l1"].on_budget
    assert found["l1"].notes == ()


def test_it_is_sorted_among_the_others_by_its_map_and_compared_with_dense() -> None:
    found = rows([dense(), longer(), result("l1")])
    assert list(found) == ["dense", "patient", "l1"]
    assert found["patient"].delta == pytest.approx(0.05)


def test_it_takes_no_place_from_those_that_are_ranked() -> None:
    two = [dense(), result("l1", mean_ap=0.7), result("fpgm", mean_ap=0.7001)]
    alone, beside = rows(twice(two)), rows(twice([*two, longer()]))
    assert alone["l1"].rank == alone["fpgm"].rank == (1, 2)
    assert [beside[name].rank for name in alone] == [row.rank for row in alone.values()]


def test_a_row_that_trains_shorter_has_no_rank_either() -> None:
    found = rows(twice([dense(), result("l1", phases=[phase("train", epochs=20)])]))
    assert found["l1"].rank is None
    assert found["l1"].notes == ("off budget: 20 instead of 30 epochs on synthped",)


def test_one_seed_that_trains_longer_is_enough() -> None:
    seeds = [dense(), dense(seed=1), result("l1"), result("l1", seed=1, phases=TWICE)]
    assert rows(seeds)["l1"].rank is None


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=6))
@settings(max_examples=20)
def test_phases_that_were_merged_are_the_same_budget(epochs: list[float]) -> None:
    apart = [phase("train", epochs=each) for each in epochs]
    merged = [phase("prune", epochs=sum(reversed(epochs)))]
    assert rows(twice([dense(phases=apart), result("l1", phases=merged)]))["l1"].rank == (1, 1)


def test_epochs_on_one_data_set_do_not_stand_for_those_on_another() -> None:
    def phases(source: float, target: float) -> list[PhaseReport]:
        return [phase("train", epochs=source, on="shapes"), phase("train", epochs=target)]

    found = rows([dense(phases=phases(10, 20)), result("l1", phases=phases(20, 10))])
    assert found["l1"].notes == (
        "off budget: 10 instead of 20 epochs on synthped, 20 instead of 10 epochs on shapes",
    )


def test_data_for_which_published_weights_are_loaded_are_left_out() -> None:
    """A slim network has no published weights, and trains on the source what others load."""
    loaded = [phase("load", epochs=0, on="imagenet"), phase("train", epochs=10)]
    slim = [phase("train", epochs=90, on="imagenet"), phase("train", epochs=10)]
    twice = [phase("train", epochs=180, on="imagenet"), phase("train", epochs=20)]
    found = rows(
        [
            dense(phases=loaded),
            result("l1", phases=loaded),
            result("scratch", control=True, phases=slim),
            longer(twice),
        ]
    )
    assert found["l1"].on_budget
    assert found["scratch"].on_budget
    assert found["patient"].notes == ("off budget: 20 instead of 10 epochs on synthped",)


@pytest.mark.parametrize("reference", [[], [failure("dense", error="no", reduction=0.0)]], ids=len)
def test_without_a_dense_network_the_budget_is_the_least_of_any_row(
    reference: list[Result],
) -> None:
    found = rows(twice([*reference, longer(), result("l1")]))
    assert (found["l1"].rank, found["patient"].rank) == ((1, 1), None)


def test_a_failed_trial_is_not_held_to_the_budget() -> None:
    lost = rows([dense(), failure("l1", error="out of memory")])["l1"]
    assert lost.notes == ("seed 0 failed: out of memory",)


def test_an_open_division_has_no_shared_budget() -> None:
    three = [dense(division="open"), longer(division="open"), result("l1", division="open")]
    assert rows(twice(three))["patient"].rank == (1, 1)


def test_every_page_shows_it_without_a_rank_and_the_note() -> None:
    board = build(twice([dense(), longer(), result("l1")]))
    note = "off budget: 60 instead of 30 epochs on synthped"
    for page in (to_markdown, to_terminal):
        text = page(board)
        assert re.search(r"- [| ]+patient \(control\) \[1\]", text)
        assert note in text
        assert "the dense network's compute, not" in " ".join(text.split())
    (row,) = [row for row in csv_rows(to_csv(board)) if row["notes"]]
    assert (row["method"], row["rank_best"], row["rank_worst"]) == ("patient", "", "")
    assert (row["on_budget"], row["notes"]) == ("false", note)


def test_a_claim_may_name_it_all_the_same() -> None:
    """What a slim network reaches with the dense network's compute is a fair question."""
    results = [*over_seeds("l1", 0.7), *over_seeds("patient", 0.85, control=True, phases=TWICE)]
    verdict: Verdict = judged(results, rows={"method": "patient"}, against={"method": "l1"})
    assert verdict.standing == "supported"
