"""Observers of a run hear of its phases, and none of them ends it: only the user does."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run, metrics
from tests.support.commands import Finished, start
from tests.support.sites import write_site

WATCHES = """
import json, pathlib
from reidbench.api import hookimpl

def note(*words):
    with pathlib.Path("heard.jsonl").open("a") as file:
        file.write(json.dumps(words) + "\\n")

@hookimpl
def reidbench_phase_started(event):
    note("started", event.key, event.label)

@hookimpl
def reidbench_phase_finished(event):
    note("finished", event.key, event.end, [point.step for point in event.curve])

@hookimpl
def reidbench_trial_finished(result):
    note("trial", result.key)
"""
BREAKS = """
import sys
from reidbench.api import hookimpl

class Panic(BaseException):
    pass

@hookimpl
def reidbench_KIND(event):
    RAISE
"""
BREAKING = {
    "panics": ("phase_started", "raise Panic('two\\nlines')", "Panic: two lines"),
    "exits": ("phase_finished", "sys.exit('farewell')", "SystemExit: farewell"),
    "stops": ("phase_finished", "raise KeyboardInterrupt", "KeyboardInterrupt"),
}
FEW = ["dense", "l1"]
SLEEPS = """
import time
from reidbench.api import hookimpl

@hookimpl
def reidbench_phase_finished(event):
    print("asleep", flush=True)
    try:
        time.sleep(30)
    except BaseException:
        pass
"""


def with_plugins(run: Run, folder: Path, **codes: str) -> Run:
    sites = [str(write_site(folder / name, name, code)) for name, code in codes.items()]
    path = os.pathsep.join([*sites, run.env["PYTHONPATH"]])
    return replace(run, env={**run.env, "PYTHONPATH": path})


@pytest.mark.parametrize("workers", ["0", "2"])
def test_observers_hear_of_each_phase_and_end_nothing(
    new_run: Callable[..., Run], tmp_path: Path, first: tuple[Run, Finished], workers: str
) -> None:
    breaking = {
        name: BREAKS.replace("KIND", kind).replace("RAISE", code)
        for name, (kind, code, _) in BREAKING.items()
    }
    run = with_plugins(new_run(methods=FEW), tmp_path / "sites", watches=WATCHES, **breaking)
    said = run.reidbench("run", "suite.yaml", "--workers", workers, "--threads", 1)
    assert said.returncode == 0, said.stderr
    clean = metrics(first[0])
    assert metrics(run) == {name: clean[name] for name in metrics(run)}
    for name, (kind, _, why) in BREAKING.items():
        line = (
            f"plugin reidbench-{name}:{name} failed in reidbench_{kind} ({why}); it is not called "
            "again"
        )
        assert said.stderr.splitlines().count(line) == 1
    assert "Traceback" not in said.stderr
    assert "Traceback" in (run.home / "run.log").read_text()

    heard = [json.loads(line) for line in (run.folder / "heard.jsonl").read_text().splitlines()]
    events = [json.loads(line) for line in (run.home / "events.jsonl").read_text().splitlines()]
    begun = [event["key"] for event in events if event["kind"] == "phase started"]
    assert [words[1] for words in heard if words[0] == "started"] == begun
    ended = {words[1]: words[3] for words in heard if words[0] == "finished"}
    assert ended.keys() == set(begun)
    trained = {
        phase.key: phase.steps for result in run.results().values() for phase in result.phases
    }
    for key, steps in trained.items():
        assert ended[key] == list(range(1, steps + 1))
    assert sorted(words[1] for words in heard if words[0] == "trial") == sorted(
        result.key for result in run.results().values()
    )


def test_ctrl_c_stops_a_run_whose_observer_keeps_it(
    new_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = with_plugins(new_run(methods=FEW), tmp_path / "sites", sleeps=SLEEPS)
    process = start("run", "suite.yaml", cwd=run.folder, env=run.env)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "asleep\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    words = process.stderr.read()
    process.communicate(timeout=60)
    assert (process.returncode, time.monotonic() - begun < 25) == (130, True)
    assert words.splitlines()[-1].startswith("reidbench: interrupted; finished phases are kept")
    assert "Traceback" not in words
