"""What the README and the pages behind it show is what the commands print."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from reidbench.config.protocol import load_protocol, protocol_names
from reidbench.config.suite import load_suite
from reidbench.leaderboard import build, to_csv, to_markdown, to_terminal, with_latency_beside
from reidbench.results import read_results
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
START = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
SUITES = (ROOT / "docs" / "suites.md").read_text(encoding="utf-8")
SCREEN = 60
"""Lines that the README may have: it leads on, and keeps nothing that a page has."""
PUBLISHED = ROOT / "leaderboard"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = sorted(path.parent.name for path in PUBLISHED.glob("*/leaderboard.md"))


def test_every_suite_with_published_results_has_its_pages() -> None:
    published = {path.parent.name for path in PUBLISHED.glob("*/results.jsonl")} - {"reported"}
    assert sorted(published) == FOLDERS and "quickstart" in published


def test_the_table_of_the_start_is_the_one_the_published_results_print() -> None:
    assert to_terminal(build(read_results(PUBLISHED / "quickstart"))).strip() in START


def test_the_readme_is_one_screen() -> None:
    assert len(README.splitlines()) <= SCREEN


def test_every_suite_that_is_shipped_is_on_its_page() -> None:
    names = sorted(path.stem for path in (ROOT / "suites").glob("*.yaml"))
    assert [name for name in names if f"| `{name}` |" not in SUITES] == []


def test_every_published_folder_has_its_page() -> None:
    folders = {path.parent.name for path in PUBLISHED.glob("*/results.jsonl")}
    assert folders - {"reported"} == set(FOLDERS) != set()


@pytest.mark.parametrize("name", FOLDERS)
def test_the_published_pages_are_those_of_the_published_results(name: str) -> None:
    claims = load_suite(ROOT / "suites" / f"{name}.yaml").content.claims
    board = with_latency_beside(build(read_results(PUBLISHED / name), claims), PUBLISHED / name)
    assert (PUBLISHED / name / "leaderboard.md").read_text(encoding="utf-8") == to_markdown(board)
    assert (PUBLISHED / name / "leaderboard.csv").read_text(encoding="utf-8") == to_csv(board)


@pytest.mark.parametrize("name", FOLDERS)
def test_the_published_results_are_of_the_suite_and_protocol_as_they_are_now(name: str) -> None:
    suite = load_suite(ROOT / "suites" / f"{name}.yaml").content
    protocol = load_protocol(suite.protocol).identity()
    results = read_results(PUBLISHED / name)
    assert results
    assert [result.trial for result in results if result.protocol != protocol] == []
    assert {result.trial.method for result in results} <= {spec.method for spec in suite.methods}
    assert f"| `{name}/` |" in (PUBLISHED / "README.md").read_text(encoding="utf-8")


def test_two_single_lines_set_everything_up() -> None:
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert [line.rsplit("&& ", 1)[1] for line in commands] == [
        ".venv/bin/reidbench run suites/quickstart.yaml",
        ".venv/bin/pytest",
    ]


def test_the_example_suite_is_a_suite(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml title=\"mine.yaml\"\n(.*?)```", SUITES, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(example)
    assert load_suite(tmp_path / "mine.yaml").content.name == "mine"


def test_every_link_leads_somewhere() -> None:
    links = [
        (page, target)
        for page in PAGES
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 50
    assert [
        (page.name, target) for page, target in links if not (page.parent / target).exists()
    ] == []


def test_every_import_that_pages_show_works() -> None:
    shown = {
        (page.name, module, name.split(" as ")[0].strip())
        for page in PAGES
        for module, names in re.findall(
            r"from (reidbench[\w.]*) import ([\w, ]+)", page.read_text(encoding="utf-8")
        )
        for name in names.split(",")
    }
    assert len(shown) > 5
    assert [
        where
        for where in sorted(shown)
        if not hasattr(importlib.import_module(where[1]), where[2])
        and importlib.util.find_spec(f"{where[1]}.{where[2]}") is None
    ] == []


def test_every_path_that_pages_name_exists() -> None:
    named = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(
            r"`((?:reidbench|plugins|tests|docs|suites|leaderboard)/[\w./-]*)`",
            page.read_text(encoding="utf-8"),
        )
    }
    assert len(named) > 20
    assert [where for where in sorted(named) if not (ROOT / where[1]).exists()] == []


def test_every_protocol_is_documented_with_its_budgets() -> None:
    page = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    assert {"mini/1", "paper/1", "reid/1"} <= set(protocol_names())
    for name in protocol_names():
        rules = load_protocol(name)
        budget = f"{rules.budgets.train.epochs:g} + {rules.budgets.prune.epochs:g} epochs"
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
        assert budget in row
        assert f"{rules.input.height} x {rules.input.width}" in row
