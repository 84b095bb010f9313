"""What the README shows is what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reidbench.config.protocol import load_protocol, protocol_names
from reidbench.config.suite import load_suite
from reidbench.leaderboard import build, to_csv, to_markdown, to_terminal
from reidbench.results import read_results
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PUBLISHED = ROOT / "leaderboard"
FOLDERS = sorted(path.parent.name for path in PUBLISHED.glob("*/leaderboard.md"))


def test_every_suite_with_published_results_has_its_pages() -> None:
    published = {path.parent.name for path in PUBLISHED.glob("*/*.json")} - {"reported"}
    assert sorted(published) == FOLDERS and "quickstart" in published


def test_its_table_is_the_one_the_published_results_print() -> None:
    assert to_terminal(build(read_results(PUBLISHED / "quickstart"))).strip() in README


@pytest.mark.parametrize("name", FOLDERS)
def test_the_published_pages_are_those_of_the_published_results(name: str) -> None:
    claims = load_suite(ROOT / "suites" / f"{name}.yaml").content.claims
    board = build(read_results(PUBLISHED / name), claims)
    assert (PUBLISHED / name / "leaderboard.md").read_text(encoding="utf-8") == to_markdown(board)
    assert (PUBLISHED / name / "leaderboard.csv").read_text(encoding="utf-8") == to_csv(board)


@pytest.mark.parametrize("name", FOLDERS)
def test_the_published_results_are_of_the_suite_and_protocol_as_they_are_now(name: str) -> None:
    suite = load_suite(ROOT / "suites" / f"{name}.yaml").content
    protocol = load_protocol(suite.protocol).identity()
    results = read_results(PUBLISHED / name)
    assert results
    assert all(result.protocol == protocol for result in results)
    assert {result.trial.method for result in results} <= {spec.method for spec in suite.methods}
    assert f"| `{name}/` |" in (PUBLISHED / "README.md").read_text(encoding="utf-8")


def test_two_single_lines_set_everything_up() -> None:
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert [line.rsplit("&& ", 1)[1] for line in commands] == [
        ".venv/bin/reidbench run suites/quickstart.yaml",
        ".venv/bin/pytest",
    ]


def test_its_example_suite_is_a_suite(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(example)
    assert load_suite(tmp_path / "mine.yaml").content.name == "mine"


def test_every_link_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_protocol_is_documented_with_its_budgets() -> None:
    page = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    for name in protocol_names():
        rules = load_protocol(name)
        budget = f"{rules.budgets.train.epochs:g} + {rules.budgets.prune.epochs:g} epochs"
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
        assert budget in row
        assert f"{rules.input.height} x {rules.input.width}" in row
