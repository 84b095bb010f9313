"""An interrupted run goes on after its last finished phase, to the very same numbers."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run, metrics
from tests.support.commands import Finished, start

New = Callable[..., Run]


def stop(run: Run, at: str, number: signal.Signals) -> tuple[int, str]:
    """Run the suite until it says ``at``, send it a signal, return status and last words."""
    process: subprocess.Popen[str] = start("run", "suite.yaml", cwd=run.folder, env=run.env)
    assert process.stderr is not None
    for line in process.stderr:
        if at in line:
            process.send_signal(number)
            break
    words = process.stderr.read()
    process.communicate(timeout=60)
    return process.returncode, words


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="kill -9"),
        # Takes Ctrl-C's way from the first line on.
        pytest.param(signal.SIGTERM, 130, id="kill", marks=pytest.mark.nightly),
    ],
)
def test_an_interrupted_run_goes_on_where_it_was(
    new_run: New, first: tuple[Run, Finished], number: signal.Signals, status: int
) -> None:
    run = new_run()
    code, words = stop(run, "scratch[one-shot,uniform]@50%/seed0: cut 50% on tiny ...", number)
    assert code == status
    assert "Traceback" not in words
    before = run.files()
    store = run.folder / "runs" / "store"
    left = unfinished(store)
    if number != signal.SIGKILL:
        assert words.splitlines()[-1] == (
            "reidbench: interrupted; finished phases are kept, run the same command to go on"
        )
        assert left == []
    assert [r.trial.method for r in run.results().values()] == ["dense"]

    said = run.reidbench("run", "suite.yaml")
    assert said.returncode == 0, said.stderr
    assert "3 of 4 trials to run" in said.stderr
    assert ": train on tiny took" in said.stderr  # scratch's own
    base = "l1[one-shot,uniform]@50%/seed0: train on tiny"
    assert base not in said.stderr  # the base network was kept
    after = run.files()
    grows = ("run.log", "events.jsonl")
    kept = [path for path in before if "/." not in path and not path.endswith(grows)]
    assert kept and all(after[path] == before[path] for path in kept)
    assert metrics(run) == metrics(first[0])


def unfinished(store: Path) -> list[str]:
    """Return hidden names in a store; what this machine knows to be intact may stay."""
    names = [path.name for path in store.iterdir() if path.name != ".intact"]
    return [name for name in names if name.startswith(".")]


def test_ctrl_c_ends_the_workers_too_and_leaves_nothing(
    new_run: New, first: tuple[Run, Finished]
) -> None:
    made = new_run()
    run = replace(made, env={**made.env, "REIDBENCH_WORKERS": "2"})
    code, words = stop(run, "cut 50% on tiny", signal.SIGINT)
    assert code == 130 and "Traceback" not in words
    assert words.splitlines()[-1].startswith("reidbench: interrupted; finished phases are kept")
    store = run.folder / "runs" / "store"
    assert unfinished(store) == []
    before = {path.name for path in store.iterdir()}
    said = run.reidbench("run", "suite.yaml")
    assert said.returncode == 0, said.stderr
    assert before < {path.name for path in store.iterdir()}
    assert metrics(run) == metrics(first[0])
