"""Wrong input ends with status 2 and one sentence, before anything is written or trained."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.support.commands import imported
from tests.support.sites import write_site

New = Callable[..., Run]
COMMANDS = ["run", "plan"]


def one_line(run: Run, *words: object) -> str:
    """Run a command that must end with 2, one sentence and no torch; return the sentence."""
    said, modules = imported(*words, cwd=run.folder, env=run.env)
    assert said.returncode == 2
    assert said.stdout == ""
    assert "torch" not in modules
    assert not (run.folder / "runs").exists()
    (line,) = said.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"methods": ["tiny-nrom"]},
            "reidbench: suite.yaml:12: methods.0: no plugin declares a method 'tiny-nrom'; "
            "did you mean 'tiny-norm'? (see ",
        ),
        ({"backbones": ["tinynit"]}, "reidbench: suite.yaml:8: backbones.0: no plugin declares"),
        ({"protocol": "smoke/9"}, "reidbench: suite.yaml:2: protocol: unknown protocol 'smoke/9'"),
        ({"reductions": ["half"]}, "reidbench: suite.yaml:17: reductions.0: must be a valid"),
        ({"budgets": {}}, "reidbench: suite.yaml:20: budgets: a suite may not override the rules"),
    ],
)
def test_a_wrong_suite_is_one_sentence(new_run: New, changes: dict[str, Any], line: str) -> None:
    assert one_line(new_run(**changes), "run", "suite.yaml").startswith(line)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_suite_is_one_sentence(new_run: New, command: str) -> None:
    assert one_line(new_run(), command, "suit.yaml") == (
        "reidbench: suit.yaml: no such file; did you mean 'suite.yaml'?"
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("suite", "did you mean 'suite.yaml'?"),
        ("quikstart", "did you mean 'quickstart'?"),
        ("nothing-like-it", "(these do: all-methods, "),
    ],
)
def test_a_name_of_no_shipped_suite_is_one_sentence(
    new_run: New, command: str, name: str, hint: str
) -> None:
    line = one_line(new_run(), command, name)
    assert line.startswith(f"reidbench: {name}: no such file, and no suite of this name comes")
    assert hint in line and ", quickstart)" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_the_path_of_a_shipped_suite_elsewhere_hints_at_its_name(
    new_run: New, command: str
) -> None:
    assert one_line(new_run(), command, "suites/quickstart.yaml") == (
        "reidbench: suites/quickstart.yaml: no such file; did you mean 'quickstart', which comes "
        "with reidbench?"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_broken_yaml_is_one_sentence(new_run: New, command: str) -> None:
    run = new_run()
    (run.folder / "suite.yaml").write_text("name: [")
    assert one_line(run, command, "suite.yaml").startswith(
        "reidbench: suite.yaml:1: not valid YAML"
    )


def test_a_disabled_plugins_names_are_unknown(new_run: New) -> None:
    line = one_line(new_run(), "run", "suite.yaml", "--disable-plugin", "reidbench-tiny")
    assert "no plugin declares a backbone 'tinynet'" in line


def test_a_folder_without_results_is_one_sentence(new_run: New) -> None:
    assert one_line(new_run(), "leaderboard", "runs/none") == (
        "reidbench: runs/none: no such directory; give the one a run wrote its results to"
    )


def test_an_unknown_protocol_is_one_sentence(new_run: New) -> None:
    assert one_line(new_run(), "protocols", "mini/9").startswith(
        "reidbench: unknown protocol 'mini/9'; did you mean 'mini/2'? (known: "
    )


def test_a_folder_that_cannot_be_written_is_one_sentence(finished: Run) -> None:
    (finished.folder / "file").write_text("")
    said = finished.reidbench("leaderboard", "runs/tiny-suite", "--out", "file/below")
    assert said.returncode == 2
    assert "Traceback" not in said.stderr and "file/below" in said.stderr


@pytest.mark.parametrize("words", [["run", "suite.yaml"], ["leaderboard", "runs/tiny-suite"]])
def test_a_page_that_cannot_be_written_is_named_and_hides_no_table(
    finished: Run, words: list[str]
) -> None:
    page = finished.home / "leaderboard.md"
    page.unlink()
    page.mkdir()
    said = finished.reidbench(*words)
    assert said.returncode == 2
    assert "tiny-norm" in said.stdout
    assert said.stderr.splitlines()[-1] == (
        "reidbench: cannot write runs/tiny-suite/leaderboard.md (Is a directory); "
        "name another folder with --out"
    )


@pytest.mark.parametrize(
    ("store", "why"),
    [
        ("suite.yaml/store", "Not a directory"),
        pytest.param(
            "/proc/store",
            "No such file or directory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux's folder of processes"),
        ),
    ],
)
def test_a_store_that_cannot_be_written_is_refused_before_any_training(
    new_run: New, store: str, why: str
) -> None:
    run = new_run()
    said = run.reidbench("run", "suite.yaml", "--store", store)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == (
        f"reidbench: store {store} cannot be written ({why}); name another folder with --store\n"
    )
    assert not (run.folder / "runs").exists()


def test_a_reduction_out_of_reach_is_refused_before_any_training(finished: Run) -> None:
    before = finished.files()
    suite = finished.folder / "suite.yaml"
    suite.write_text(suite.read_text().replace("- 0.5", "- 0.5\n- 0.99"))
    said = finished.reidbench("run", "suite.yaml")
    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert line.startswith(
        "reidbench: suite 'tiny-suite': reduction 0.99 is out of reach for tinynet: scope "
        "'inner' of protocol smoke/1 can remove at most "
    )
    assert finished.files() == before


def test_a_device_that_is_not_there_is_refused_before_any_training(new_run: New) -> None:
    run = new_run()
    said = run.reidbench("run", "suite.yaml", "--device", "cuda:77")
    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert line.startswith("reidbench: --device cuda:77: ")
    assert not (run.folder / "runs").exists()


def test_a_device_that_does_not_exist_is_refused_with_nothing_left_to_run(finished: Run) -> None:
    before = finished.files()
    said = finished.reidbench("run", "suite.yaml", "--device", "foo")
    assert (said.returncode, said.stdout) == (2, "")
    (line,) = said.stderr.splitlines()
    assert line.startswith("reidbench: --device foo: ")
    assert line.endswith("; use auto, cpu or cuda:N")
    assert finished.files() == before


@pytest.mark.parametrize("words", [["nonsense"], ["run"], ["run", "--treads", "1", "suite.yaml"]])
def test_a_wrong_command_line_ends_with_2(new_run: New, words: list[str]) -> None:
    said = new_run().reidbench(*words)
    assert said.returncode == 2
    assert said.stderr.startswith("Usage: ") and "Traceback" not in said.stderr


def test_a_suite_may_lie_anywhere(new_run: New, tmp_path: Path) -> None:
    run = new_run()
    said = run.reidbench("plan", tmp_path / "suite.yaml")
    assert said.returncode == 0


@pytest.mark.parametrize(
    "words", [("plan", "suite.yaml"), ("plugins", "check", "mine", "--fast"), ("cards", "mine")]
)
def test_a_plugin_that_does_not_load_is_named_where_its_method_is_missed(
    new_run: New, tmp_path: Path, words: tuple[str, ...]
) -> None:
    run = new_run(methods=["mine"])
    site = write_site(tmp_path / "site", "mine", "raise ImportError('no moon')")
    path = os.pathsep.join([str(site), run.env["PYTHONPATH"]])
    said = Run(run.folder, {**run.env, "PYTHONPATH": path}).reidbench(*words)
    first, last = said.stderr.splitlines()
    assert said.returncode == 2
    assert first == (
        "plugin reidbench-mine 1.0 left out: ImportError: no moon (at reidbench_mine.py:1)"
    )
    assert re.search("no plugin declares a method(, backbone or data set)? 'mine'", last)
