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
from tests.leaderboard.builders import result
from tests.leaderboard.pages import csv_rows
from tests.leaderboard.timings import DOCUMENT, document, timed_results, write_timings


def board(folder: Path, written: Any = DOCUMENT) -> Leaderboard:
    file = write_timings(folder, written)
    return with_latency(build(timed_results()), read_latency(file))


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
    assert "Some \\| CPU, 1 thread; torch 2.6.0; images of 3 x 256 x 128, 20 runs" in section
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


def test_a_gpu_is_named_with_torchs_word_for_it(tmp_path: Path) -> None:
    machine = {**DOCUMENT["machine"], "processor": "Some GPU", "device": "cuda:0"}
    written = {**DOCUMENT, "schema_version": 2, "machine": machine}
    assert "Some GPU (cuda:0), 1 thread; torch" in to_markdown(board(tmp_path, written))


def test_timings_of_other_trials_change_nothing(tmp_path: Path) -> None:
    found = board(tmp_path, document(*(DOCUMENT["rows"][index] for index in (0, 5))))
    assert found.latency is None
    assert not any(row.timings for row in found.tables[0].unique_rows)


@pytest.mark.parametrize("below", ["", "results"])
def test_the_file_lies_in_the_folder_or_above_it_and_is_no_result(tmp_path: Path, below) -> None:
    home = tmp_path / below
    home.mkdir(exist_ok=True)
    write_result(home, result("l1"))
    assert find_latency(home) is None
    file = write_timings(tmp_path)
    found = find_latency(home)
    assert found is not None
    assert found.samefile(file)
    assert len(read_results(home)) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "the whole file"),
        (json.dumps({**DOCUMENT, "schema_version": 3}), "schema_version"),
        (json.dumps(document({**DOCUMENT["rows"][0], "engine": "../x"})), "rows.0.engine"),
        (json.dumps(document({**DOCUMENT["rows"][0], "median": float("inf")})), "rows.0.median"),
        (json.dumps(document({**DOCUMENT["rows"][0], "least": -1})), "rows.0.least"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "latency.json"
    file.write_text(text)
    with pytest.raises(LatencyError, match=rf"latency.json: {fault}: .*reidbench profile"):
        read_latency(file)
