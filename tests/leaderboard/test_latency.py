"""Timings stand beside the rows whose networks were timed, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reidbench.leaderboard import build, find_latency, read_latency, with_latency
from reidbench.leaderboard.latency_file import LatencyError
from reidbench.leaderboard.model import Leaderboard
from reidbench.leaderboard.render.csv_file import to_csv
from reidbench.leaderboard.render.documents import to_json
from reidbench.leaderboard.render.markdown import to_markdown
from reidbench.leaderboard.render.terminal import to_terminal
from reidbench.results import read_results, write_result
from tests.leaderboard.builders import dense, phase, result, twice
from tests.leaderboard.pages import csv_rows


def timing(network: str, trial: str | None, least: float, speed_up: Any, **others: Any) -> Any:
    times = {"median": least * 1.1, "low": least * 1.05, "high": least * 1.2, "least": least}
    case = {"engine": "onnxruntime", "batch": 1, **others}
    known = {"network": network, "trial": trial, "speed_up": speed_up}
    return {**known, **case, **times, "steady": speed_up is not None}


def document(*rows: Any) -> dict[str, Any]:
    machine = {"processor": "Some | CPU", "threads": 1, "versions": {"torch": "2.6.0"}}
    known = {"schema_version": 1, "measured": "2026-11-01T00:00:00+00:00", "machine": machine}
    return {**known, "size": [3, 256, 128], "runs": 20, "rows": list(rows)}


DOCUMENT = document(
    timing("resnet18 dense", None, 50.0, [1.0, 1.0]),
    timing("resnet18 half", "cut", 25.0, [2.0, 1.96]),
    timing("resnet18 half", "cut", 90.0, None, batch=8),
    timing("resnet18 other", "of no row", 1.0, [50.0, 50.0]),
)


def board(folder: Path, written: Any = DOCUMENT) -> Leaderboard:
    file = folder / "latency.json"
    file.write_text(json.dumps(written))
    timed = result("l1", phases=[phase("prune", epochs=10).model_copy(update={"key": "cut"})])
    rows = twice([dense(), timed, result("l2")])
    return with_latency(build(rows), read_latency(file))


def test_the_csv_has_columns_of_each_engine_and_batch_size(tmp_path: Path) -> None:
    rows = {row["method"]: row for row in csv_rows(to_csv(board(tmp_path)))}
    assert rows["l1"]["onnxruntime_batch1_least_ms"] == "25.0"
    assert rows["l1"]["onnxruntime_batch1_median_ms"] == "27.5"
    assert rows["l1"]["onnxruntime_batch1_speed_up"] == "2.0"
    assert rows["l1"]["onnxruntime_batch8_speed_up"] == ""
    assert rows["dense"]["onnxruntime_batch1_least_ms"] == "50.0"
    assert rows["l2"]["onnxruntime_batch1_least_ms"] == ""


def test_the_page_has_a_section_that_names_the_machine(tmp_path: Path) -> None:
    page = to_markdown(board(tmp_path))
    section = page.split("## Latency\n")[1].split("\n## ")[0]
    assert "Some \\| CPU, 1 threads; torch 2.6.0; images of 3 x 256 x 128, 20 runs" in section
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines()]
    assert ["dense (control)", "0", "50.0 ms (1.00)", "-"] in cells
    assert ["l1", "50", "25.0 ms (2.00)", "90.0 ms (-)"] in cells
    assert not any(line[:1] == ["l2"] for line in cells)


def test_a_terminal_shows_them_when_they_are_asked_for(tmp_path: Path) -> None:
    found = board(tmp_path)
    assert "25.0 ms" not in to_terminal(found, 400)
    assert "onnxruntime 1: 25.0 ms (2.00); onnxruntime 8: 90.0 ms (-)" in to_terminal(
        found, columns=["latency"]
    )


def test_json_has_the_timings_of_a_row(tmp_path: Path) -> None:
    (table,) = json.loads(to_json(board(tmp_path)))["tables"]
    rows = {row["label"]: row for section in table["sections"] for row in section["rows"]}
    assert [it["least"] for it in rows["l1"]["timings"]] == [25.0, 90.0]
    assert "timings" not in rows["l2"]


def test_timings_of_other_trials_change_nothing(tmp_path: Path) -> None:
    found = board(tmp_path, document(*(DOCUMENT["rows"][index] for index in (0, 3))))
    assert found.latency is None
    assert not any(row.timings for row in found.tables[0].unique_rows)


@pytest.mark.parametrize("below", ["", "results"])
def test_the_file_lies_in_the_folder_or_above_it_and_is_no_result(tmp_path: Path, below) -> None:
    home = tmp_path / below
    home.mkdir(exist_ok=True)
    write_result(home, result("l1"))
    assert find_latency(home) is None
    file = tmp_path / "latency.json"
    file.write_text(json.dumps(DOCUMENT))
    found = find_latency(home)
    assert found is not None
    assert found.samefile(file)
    assert len(read_results(home)) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "the whole file"),
        (json.dumps({**DOCUMENT, "schema_version": 2}), "schema_version"),
        (json.dumps(document({**DOCUMENT["rows"][0], "least": -1})), "rows.0.least"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "latency.json"
    file.write_text(text)
    with pytest.raises(LatencyError, match=rf"latency.json: {fault}: .*reidbench profile"):
        read_latency(file)
