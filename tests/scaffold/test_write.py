"""A new plugin's folder: whole or not there, valid to the last file, and never over another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from reidbench.api import API_VERSION
from reidbench.config.suite import load_suite
from reidbench.errors import ReidbenchError
from reidbench.scaffold import write
from reidbench.scaffold.names import KINDS, Kind, Names
from reidbench.scaffold.write import write_plugin

NAMES = Names("my-idea", "my_idea", "MyIdea")


@pytest.fixture(params=KINDS)
def plugin(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Kind, Path]:
    write_plugin(NAMES, request.param, tmp_path / "plugin")
    return request.param, tmp_path / "plugin"


def test_every_file_reads_as_what_it_is(plugin: tuple[Kind, Path]) -> None:
    kind, folder = plugin
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    module = "dataset" if kind == "dataset" else kind
    assert files == {
        ".github/workflows/tests.yml",
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "suite.yaml",
        "src/my_idea/__init__.py",
        f"src/my_idea/{module}.py",
        "tests/test_my_idea.py",
    }
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text())
        assert ast.get_docstring(tree)
        compile(tree, str(file), "exec")
    project = (folder / "pyproject.toml").read_text()
    assert '[project.entry-points.reidbench]\nmy-idea = "my_idea"\n' in project
    assert load_suite(folder / "suite.yaml").content.name == "my-idea"
    steps = yaml.safe_load((folder / ".github" / "workflows" / "tests.yml").read_text())
    assert any("smoke/1" in step.get("run", "") for step in steps["jobs"]["tests"]["steps"])
    for file in folder.rglob("*"):
        if file.is_file():
            text = file.read_text()
            assert "{{" not in text and "{%" not in text and text.endswith("\n"), file
            assert max(map(len, text.splitlines())) <= 130, file


def test_it_is_written_for_this_api(plugin: tuple[Kind, Path]) -> None:
    text = (plugin[1] / "src" / "my_idea" / "__init__.py").read_text()
    assert f"\nREIDBENCH_API = {API_VERSION} " in text


def test_an_existing_folder_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ReidbenchError, match="is there already; choose another name, or --out"):
        write_plugin(NAMES, "method", tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def test_a_fault_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates" / "common").mkdir(parents=True)
    (tmp_path / "templates" / "common" / "a.j2").write_text("fine\n")
    (tmp_path / "templates" / "common" / "b.j2").write_text("{{ unknown }}\n")
    monkeypatch.setattr(write, "TEMPLATES", tmp_path / "templates")
    with pytest.raises(Exception, match="unknown"):
        write_plugin(NAMES, "method", tmp_path / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"templates"}
