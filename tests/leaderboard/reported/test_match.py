"""What papers report is shown beside photographs alone, always marked, and never ranked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reidbench.leaderboard import (
    Leaderboard,
    ReportedRow,
    build,
    to_csv,
    to_markdown,
    to_terminal,
    with_reported,
)
from reidbench.leaderboard.render.reported_columns import CAUTION, REPORTED, REPORTED_COLUMNS
from reidbench.leaderboard.reported.paper import load_papers
from reidbench.results import Result, write_result
from tests.leaderboard.networks import board, pruned, unpruned
from tests.leaderboard.pages import assert_golden, cells, csv_rows
from tests.support.places import ROOT

FOLDER = ROOT / "leaderboard" / "reported"
PAPERS = load_papers(FOLDER)
PAGES = {"photographs.md": to_markdown, "photographs.csv": to_csv, "photographs.txt": to_terminal}


def published(results: list[Result]) -> Leaderboard:
    return with_reported(build(results), PAPERS)


def reported(results: list[Result]) -> tuple[ReportedRow, ...]:
    (table,) = published(results).tables
    return table.reported


def section(results: list[Result], method: str, point: str) -> float | None:
    """Return the section that a row of the seed paper is matched with."""
    (found,) = [
        it.section
        for it in reported(results)
        if (it.entry.network, it.entry.method, it.entry.point) == ("resnet50", method, point)
        and it.source.short.startswith("Masson")
    ]
    return found


def pair(parameters: float, **others: Any) -> list[Result]:
    return [unpruned("resnet50", 0.7), pruned("l1", 0.6, parameters=parameters, **others)]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_the_golden_one(name: str) -> None:
    assert_golden(name, PAGES[name](published(board())))


def test_nothing_is_shown_unless_asked_for() -> None:
    assert not any(table.reported for table in build(board()).tables)
    assert REPORTED not in to_markdown(build(board())) + to_terminal(build(board()))


def test_drawn_data_that_stand_in_for_photographs_show_nothing() -> None:
    results = [
        unpruned("resnet50", 0.7, drawn=True),
        pruned("l1", 0.6, parameters=11.9, drawn=True),
    ]
    assert published(results) == build(results)


def test_other_photographs_show_nothing() -> None:
    for target in ("imagefolder", "market1501-500k", "market"):
        assert reported([unpruned("resnet50", 0.7, target=target)]) == ()


@pytest.mark.parametrize("boxes", ["detected", "labelled"])
def test_cuhk03_is_shown_for_either_kind_of_boxes(boxes: str) -> None:
    found = reported([unpruned("resnet50", 0.7, target=f"cuhk03np-{boxes}")])
    assert {it.entry.target for it in found} == {"cuhk03np"}
    assert {it.source.short for it in found} == {"Masson et al. 2021"}


def test_a_table_shows_its_target_scenario_and_network_and_the_dense_networks() -> None:
    for it in reported(board()):
        assert it.entry.target == "market1501"
        assert it.entry.scenario in ("", "scenario-1")
        assert it.entry.network == "resnet50" or it.entry.dense
    assert {it.entry.network for it in reported(board())} == {"resnet18", "resnet34", "resnet50"}


def test_a_scenario_that_no_paper_has_shows_all_of_theirs() -> None:
    found = reported([unpruned("resnet50", 0.7, scenario="target-only")])
    assert {it.entry.scenario for it in found} == {"", *(f"scenario-{n}" for n in range(1, 5))}


def test_a_row_is_matched_with_the_section_of_as_many_parameters() -> None:
    assert section(board(), "l1", "C1") == 0.491
    assert section(board(), "entropy", "C1") == 0.491
    assert section(board(), "psfp", "C2") == 0.616


def test_the_dense_row_is_matched_with_the_dense_network_alone() -> None:
    assert section(board(), "dense", "") == 0.0
    assert section(pair(23.48)[1:], "dense", "") is None


@pytest.mark.parametrize(
    ("parameters", "matched"), [(11.79, True), (12.01, True), (11.77, False), (12.03, False)]
)
def test_one_percent_of_the_parameters_is_near_enough(parameters: float, matched: bool) -> None:
    assert (section(pair(parameters), "l1", "C1") is not None) == matched


def test_of_two_sections_that_are_near_the_nearer_is_named() -> None:
    two = [*pair(11.85), pruned("psfp", 0.6, parameters=11.95, reduction=0.48, key="b")]
    assert section([*two, pruned("l1", 0.6, parameters=11.91, reduction=0.47)], "l1", "C1") == 0.47


def test_a_row_off_target_does_not_give_its_section_a_size() -> None:
    assert section(pair(11.9, achieved=0.3), "l1", "C1") is None


def test_macs_do_not_match_anything() -> None:
    # At half of the MACs, as the paper says of C1, but of another size.
    assert section(pair(14.0), "l1", "C1") is None


def test_parameters_that_count_a_classifier_match_nothing() -> None:
    whole = [paper.model_copy(update={"parameters_of": "whole network"}) for paper in PAPERS]
    (table,) = with_reported(build(board()), whole).tables
    assert any(it.entry.parameters for it in table.reported)
    assert all(it.section is None for it in table.reported)


def test_another_network_of_the_same_size_is_no_match() -> None:
    found = [it for it in reported(pair(21.28)) if it.entry.network == "resnet34"]
    assert any(it.entry.parameters == pytest.approx(21.28, rel=0.01) for it in found)
    assert all(it.section is None for it in found)


def test_no_rank_changes_and_no_row_is_added() -> None:
    with_them, without = published(board()).tables[0], build(board()).tables[0]
    assert with_them.sections == without.sections
    assert list(with_them.unique_rows) == list(without.unique_rows)


def test_every_reported_row_is_marked_where_a_rank_would_be() -> None:
    page = to_markdown(published(board()))
    _, block = page.split(f"### {REPORTED}")
    block, _ = block.split("## Provenance")
    head, _, *rows = cells(block)
    assert head[0] == "rank"
    assert len(rows) == len(reported(board())) == 26
    assert {row[0] for row in rows} == {"reported"}


def test_each_page_says_that_nobody_measured_them_and_who_did_print_them() -> None:
    page = to_markdown(published(board()))
    assert page.count(CAUTION) == 1
    for fact in (REPORTED, "arXiv 1907.02547", "arXiv v1", "EURASIP", "IEEE Transactions on Cyber"):
        assert fact in page
        assert fact in " ".join(to_terminal(published(board())).split())


def test_their_flops_are_on_no_page() -> None:
    figures = {"gflops": 98.76, "parameters": 54.32}
    marked = [
        paper.model_copy(
            update={"entries": tuple(it.model_copy(update=figures) for it in paper.entries)}
        )
        for paper in PAPERS
    ]
    for page in (to_markdown, to_terminal):
        text = page(with_reported(build(board()), marked))
        assert "54.32" in text
        assert "98.76" not in text


def test_what_failed_in_a_paper_says_so() -> None:
    page = to_markdown(published([unpruned("resnet50", 0.7, target="dukemtmcreid")]))
    (row,) = [row for row in cells(page) if row[1] == "sfp" and row[4] == "90 %"]
    assert row[6:8] == ["failed", "failed"]


def test_csv_has_measured_rows_alone() -> None:
    assert to_csv(published(board())) == to_csv(build(board()))
    assert len(csv_rows(to_csv(published(board())))) == 7


@pytest.mark.parametrize("width", [10, 40, 60, 80, 100, 160])
def test_the_terminal_block_stays_within_the_terminal(width: int) -> None:
    block = to_terminal(published(board()), width).split("Reported", 1)[1]
    assert max(map(len, block.splitlines())) <= width


def test_a_wide_terminal_shows_every_column() -> None:
    page = to_terminal(published(board()), 160)
    head = next(line for line in page.splitlines() if "scenario  " in line)
    assert re.split(r"\s{2,}", head.strip()) == [column.heading for column in REPORTED_COLUMNS]


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import json, sys; from reidbench.cli import main\n"
        "try: main()\n"
        "finally: print(json.dumps('torch' in sys.modules), file=sys.stderr)"
    )
    line = [sys.executable, "-c", code, "leaderboard", str(folder), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=folder)


def test_the_command_shows_them_and_needs_no_torch(tmp_path: Path) -> None:
    for result in board():
        write_result(tmp_path, result)
    said = command(tmp_path, "--reported", str(FOLDER))
    assert said.returncode == 0, said.stderr
    assert REPORTED in said.stdout
    assert REPORTED in (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert json.loads(said.stderr.splitlines()[-1]) is False
    assert REPORTED not in command(tmp_path).stdout


def test_without_a_folder_of_them_the_command_shows_those_that_are_shipped(
    tmp_path: Path,
) -> None:
    for result in board():
        write_result(tmp_path, result)
    said = command(tmp_path, "--with-reported")
    assert said.returncode == 0, said.stderr
    assert REPORTED in said.stdout


def test_a_folder_of_them_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write_result(tmp_path, board()[0])
    said = command(tmp_path, "--reported", "none")
    assert said.returncode == 2
    assert said.stderr.startswith("reidbench: none: no such folder of reported numbers; give yours")
    assert not (tmp_path / "leaderboard.md").exists()
