"""The page of what can be pruned is that of what was tried, and what it promises is met."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.coverage_report import report
from tests.coverage_report.survey import rows, try_chunk
from tests.support.places import ROOT

ROWS = list(rows(report.MEASURED).values())
TRIED = [row for row in ROWS if row["source"] != report.PEERS]


def test_the_pages_are_those_of_what_was_tried() -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.page(ROWS)
    text = report.TUTORIAL.read_text(encoding="utf-8")
    assert report.tutorial(text, ROWS) == text


def test_what_was_asked_of_the_engine_is_met() -> None:
    verdicts = Counter(row["verdict"] for row in TRIED)
    assert len(TRIED) >= 100
    assert verdicts["inner + all"] + verdicts["all only"] >= 85
    assert [row["name"] for row in TRIED if row["verdict"] in ("wrong", "crash")] == []


@pytest.mark.parametrize("name", ["vit_small_patch16_224", "swin_t"])
def test_transformers_reach_half_their_macs(name: str) -> None:
    (row,) = (row for row in TRIED if row["name"] == name)
    assert row["reached"] >= 0.495


def test_every_refusal_says_why() -> None:
    untold = ("refused", "nothing to remove")
    assert all(row["reason"] for row in TRIED if row["verdict"] in untold)


def row_of(**changes: Any) -> dict[str, Any]:
    plain = {"source": "here", "name": "one", "size": [3, 8, 8], "capture": 1.0, "macs": 10**9}
    reached = {"inner": 0.4, "all": 0.8, "asked": 0.5, "reached": 0.499, "verdict": "inner + all"}
    return {**plain, **reached, **changes}


def test_the_page_counts_verdicts_and_shows_faults() -> None:
    text = report.page([row_of(), row_of(name="two", verdict="wrong", reason="a | b")])
    assert "**2 architectures were tried: 1 can be pruned" in text
    assert "**wrong**" in text
    assert "a \\| b" in text


def test_what_was_tried_is_not_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "tried.jsonl"
    file.write_text(json.dumps(row_of()) + "\n")
    try_chunk(["here/one"], file)
    assert list(rows(file)) == ["here/one"]


def test_a_process_that_dies_is_the_row_of_its_network(tmp_path: Path) -> None:
    file = tmp_path / "tried.jsonl"
    try_chunk(["nowhere/none"], file)
    (row,) = rows(file).values()
    assert (row["source"], row["name"], row["verdict"]) == ("nowhere", "none", "crash")
    assert "KeyError" in row["reason"]


@pytest.mark.nightly
def test_a_network_is_tried_from_end_to_end(tmp_path: Path) -> None:
    file = tmp_path / "tried.jsonl"
    command = [sys.executable, "-m", "tests.coverage_report.examine", str(file)]
    subprocess.run([*command, "torchvision/squeezenet1_1"], cwd=ROOT, check=True)
    (row,) = rows(file).values()
    assert row["verdict"] == "all only"
    assert row["reached"] == pytest.approx(0.5, abs=0.01)
