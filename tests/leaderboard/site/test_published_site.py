"""The site of everything that is published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import environment, reidbench
from tests.support.places import ROOT

PICTURE = "methods-at-half-the-flops.svg"


def test_every_published_trial_has_its_page(published_site: Path) -> None:
    for pack in (ROOT / "leaderboard").glob("*/results.jsonl"):
        trials = [json.loads(line) for line in pack.read_text().splitlines() if '"trial"' in line]
        pages = list((published_site / "trials" / pack.parent.name).glob("*.html"))
        assert trials and len(pages) == len(trials), pack.parent.name


def test_tables_equal_the_committed_ones(published_site: Path) -> None:
    for table in (ROOT / "leaderboard").glob("*/leaderboard.csv"):
        built = published_site / "tables" / f"{table.parent.name}.csv"
        assert built.read_text() == table.read_text(), table.parent.name


def test_the_readmes_picture_is_the_sites(published_site: Path) -> None:
    built = published_site / "figures" / "all-methods-t0-50-map.svg"
    committed = ROOT / "docs" / "images" / PICTURE
    assert committed.read_text() == built.read_text(), f"copy {built.name} to {committed}"
    assert f"docs/images/{PICTURE}" in (ROOT / "README.md").read_text()


def test_the_answer_names_data_methods_and_how_sure_it_is(published_site: Path) -> None:
    text = (published_site / "index.html").read_text()
    answer = text.split('<section id="board">')[0]
    assert "9 of 29 methods may be best" in answer and "synthped (drawn data)" in answer
    assert "at least 95 %" in answer and "drawn, not photographed" in answer


@pytest.mark.nightly
def test_another_build_gives_the_same_bytes(published_site: Path, tmp_path: Path) -> None:
    env = {**environment(), "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    done = reidbench("site", ROOT / "leaderboard", "--out", tmp_path / "site", cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    files = sorted(path for path in published_site.rglob("*") if path.is_file())
    assert len(files) > 1000
    for path in files:
        other = tmp_path / "site" / path.relative_to(published_site)
        assert other.read_bytes() == path.read_bytes(), path.name
