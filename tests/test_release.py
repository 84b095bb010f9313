"""What a release needs: one version everywhere, a section of the changelog, a citation."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
import yaml

import reidbench
from tests.support.places import ROOT

SCRIPT = ROOT / ".github" / "changelog.py"
CHANGELOG = """# Changelog

## 0.3.0 (unreleased)

- Not yet.

## 0.2.0 (2027-01-31)

- A change.
- Another.

## 0.1.0 (2026-12-01)
"""


@pytest.fixture(scope="module")
def changelog() -> ModuleType:
    spec = importlib.util.spec_from_file_location("changelog", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_file_states_the_same_version(changelog: ModuleType) -> None:
    assert set(changelog.stated().values()) == {reidbench.__version__}


def test_a_release_shows_its_own_section(changelog: ModuleType) -> None:
    assert changelog.section(CHANGELOG, "0.2.0") == "- A change.\n- Another.\n"


@pytest.mark.parametrize("version", ["0.3.0", "0.1.0", "0.2", "1.0.0"])
def test_a_section_without_a_date_or_text_is_no_release(
    changelog: ModuleType, version: str
) -> None:
    with pytest.raises(ValueError, match=rf"no section '## {version} \(YYYY-MM-DD\)'"):
        changelog.section(CHANGELOG, version)


def test_the_citation_names_the_project_and_the_paper() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    (paper,) = citation["references"]
    assert (paper["authors"][0]["family-names"], paper["year"]) == ("Masson", 2021)
    assert "1907.02547" in paper["identifiers"][0]["value"]


def test_workflows_run_the_one_script_on_every_python_that_is_supported() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
