"""A method that fails keeps its row and its traceback, and stops nobody else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.commands import Finished
from tests.support.sites import write_site
from tests.support.suites import write_suite

New = Callable[..., Run]

FAILURES = {
    "tiny-raises": ("failed", "RuntimeError: tiny trouble in two lines"),
    "tiny-exits": ("failed", "SystemExit: tiny farewell"),
    "tiny-nan": ("failed", "channel 1 of 'block1.conv1' scores nan"),
    "tiny-explodes": ("diverged", "the training loss is nan at step 1"),
    "tiny-idle": ("failed", "left 2 of 2 steps unspent"),
}
OBSERVER = """
from reidbench.api import hookimpl

@hookimpl
def reidbench_trial_finished(result):
    raise RuntimeError("the observer sulks")
"""


@pytest.fixture(scope="module")
def failed(
    tmp_path_factory: pytest.TempPathFactory, tiny_env: dict[str, str]
) -> tuple[Run, Finished]:
    folder = tmp_path_factory.mktemp("failures")
    site = write_site(folder / "site", "sulks", OBSERVER)
    path = os.pathsep.join([str(site), tiny_env["PYTHONPATH"]])
    write_suite(folder, methods=[*FAILURES, "l1"])
    run = Run(folder, {**tiny_env, "PYTHONPATH": path})
    return run, run.reidbench("run", "suite.yaml")


def trial(method: str) -> str:
    strategy = "own" if method in ("tiny-explodes", "tiny-idle") else "one-shot"
    return f"target-only/tinynet/tiny/{method}[{strategy},uniform]@50%/seed0"


def test_a_run_with_failures_ends_with_1_and_says_what_to_do(failed: tuple[Run, Finished]) -> None:
    said = failed[1]
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1] == (
        "5 of 6 trials did not finish; tracebacks in runs/tiny-suite/run.log; "
        "the same command tries them again"
    )
    assert "Traceback" not in said.stderr + said.stdout


def test_the_other_trials_are_done_all_the_same(failed: tuple[Run, Finished]) -> None:
    assert failed[0].results()[trial("l1")].status == "done"


@pytest.mark.parametrize("method", FAILURES)
def test_a_failure_is_a_result_and_a_row(failed: tuple[Run, Finished], method: str) -> None:
    run, said = failed
    status, why = FAILURES[method]
    result = run.results()[trial(method)]
    assert result.status == status
    assert result.error is not None and why in result.error and "\n" not in result.error
    assert result.scores is None
    assert [phase.kind for phase in result.phases] == ["train"]  # what it did finish
    assert f"{method} {status}" in said.stdout
    assert f"{trial(method)}: {status}: {result.error}" in said.stderr


def test_the_traceback_is_in_the_log(failed: tuple[Run, Finished]) -> None:
    log = (failed[0].home / "run.log").read_text()
    assert f"{trial('tiny-raises')}: prune 50% on tiny failed\nTraceback" in log
    assert 'raise RuntimeError("tiny trouble' in log


def test_an_observer_that_fails_is_logged_and_harmless(failed: tuple[Run, Finished]) -> None:
    log = (failed[0].home / "run.log").read_text()
    assert (
        log.count("plugin reidbench-sulks:sulks failed in reidbench_trial_finished") == 1
    )  # then it is left out
    assert "the observer sulks" in log


def test_a_failure_is_tried_again_and_nothing_else(failed: tuple[Run, Finished]) -> None:
    run, _ = failed
    log = run.home / "run.log"
    before, tried = run.files(), log.read_text().count("tiny trouble")
    again = run.reidbench("run", "suite.yaml")
    assert again.returncode == 1
    assert "5 of 6 trials to run" in again.stderr
    assert log.read_text().count("tiny trouble") > tried
    after = run.files()
    failures = {r.key for r in run.results().values() if r.status != "done"}
    changed = {Path(path).stem for path in after if after[path] != before.get(path)}
    assert changed == failures | {"run", "costs", "events"}
