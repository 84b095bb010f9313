"""``reidbench reproduce``: a published trial is computed again, and compared with what it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def key(finished: Run) -> str:
    return next(r.key for name, r in finished.results().items() if "/l1[" in name)


def test_a_trial_is_computed_again_and_is_the_same_to_the_bit(finished: Run, key: str) -> None:
    said = finished.reidbench("reproduce", finished.home / "results" / key)
    assert said.returncode == 0, said.stderr
    assert "1 of 1 agree." in said.stdout and "identical to the bit" in said.stdout
    again = finished.folder / "runs" / "reproduce"
    # Its own store: what was published is not looked up there.
    assert list((again / "store").iterdir()) and (again / "results" / f"{key}.json").is_file()
    assert "identical to the bit" in (again / "agreement.md").read_text()


def test_trials_are_drawn_and_what_was_made_is_not_made_again(finished: Run) -> None:
    words = ("reproduce", finished.home / "results", "--draw", 2, "--draw-seed", 3)
    first, second = finished.reidbench(*words), finished.reidbench(*words)
    assert first.returncode == second.returncode == 0, first.stderr
    assert first.stdout == second.stdout and "2 of 2 agree." in first.stdout
    assert second.stderr.count("all done") == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["runs/tiny-suite/results"], "a folder of results; name trials of it"),
        (["runs/tiny-suite/KEY", "--draw-seed", 3], "--draw-seed 3 is for --draw: say how many"),
        (["runs/tiny-suite/results", "--draw", 99], "holds 4 trials that are done"),
        (["runs/tiny-suite/results/zz"], "no results of runs/tiny-suite/results have a key"),
        (["nowhere/0123"], "nowhere: no such directory"),
    ],
)
def test_what_names_no_trial_is_refused_in_a_sentence(
    finished: Run, words: list[object], sentence: str
) -> None:
    said = finished.reidbench("reproduce", *words)
    (line,) = said.stderr.splitlines()
    assert (said.returncode, said.stdout) == (2, "") and sentence in line


def test_a_suite_without_the_trial_is_refused(
    finished: Run, key: str, new_run: Callable[..., Run]
) -> None:
    other = new_run(methods=["dense"]).folder / "suite.yaml"
    said = finished.reidbench("reproduce", finished.home / "results" / key, "--suite", other)
    assert said.returncode == 2 and "has no such trial" in said.stderr
