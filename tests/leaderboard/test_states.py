"""What became of a folder decides whether its rows may be ranked, and is said of each of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reidbench.leaderboard import build, to_csv, to_markdown, to_terminal
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.model import Leaderboard, Row
from reidbench.leaderboard.states import FolderState, in_state
from tests.leaderboard.builders import example
from tests.leaderboard.claim_cases import claim, over_seeds


def rows(board: Leaderboard) -> list[Row]:
    return [row for table in board.tables for row in table.unique_rows]


def state(name: str) -> FolderState:
    return FolderState(name, "2026-11-02", "A. Maintainer", "pull request 12")


@pytest.mark.parametrize("name", ["", "submitted", "checked", "reproduced", "disputed"])
def test_these_states_keep_every_rank_and_verdict(name: str) -> None:
    board = build(example())
    found = in_state(board, state(name))
    assert [row.rank for row in rows(found)] == [row.rank for row in rows(board)]
    assert any(row.rank for row in rows(found))
    assert {row.state for row in rows(found)} == {name}


@pytest.mark.parametrize("name", ["superseded", "withdrawn"])
def test_what_is_set_aside_has_no_rank_and_keeps_its_numbers(name: str) -> None:
    board = build(example())
    found = in_state(board, state(name))
    assert not any(row.rank for row in rows(found))
    for before, after in zip(rows(board), rows(found), strict=True):
        assert replace(after, rank=before.rank, state="", notes=before.notes) == before
    for page in (to_markdown(found), to_terminal(found), to_csv(found)):
        assert f"{name} since 2026-11-02 by A. Maintainer: pull request 12; not ranked" in page


def test_a_dispute_is_a_note_of_every_row_with_its_evidence() -> None:
    found = in_state(build(example()), state("disputed"))
    told = "disputed since 2026-11-02 by A. Maintainer: pull request 12"
    assert all(row.notes[0] == told for row in rows(found))


def test_no_claim_is_decided_by_what_was_withdrawn() -> None:
    board = build([*over_seeds("dense", 0.8), *over_seeds("l1", 0.8)], [claim()])
    assert [it.standing for it in board.claims] == ["supported"]
    (verdict,) = in_state(board, state("withdrawn")).claims
    assert isinstance(verdict, Verdict) and verdict.standing == "undecided"
    assert verdict.difference == board.claims[0].difference
    assert "withdrawn since" in verdict.notes[0]
    assert in_state(board, state("disputed")).claims == board.claims
