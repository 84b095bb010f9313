"""Runs suites of hostile components beside good ones, and says what is expected of each row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from reidbench.results import Result, read_results
from tests.support.commands import Finished, reidbench
from tests.support.suites import write_suite

PLUGIN = Path(__file__).parents[1] / "support" / "hostile_plugin"
HOUR = 3600
NAPS = "987.125"
"""Seconds that a process sleeps which a phase leaves behind: its mark in lists of processes."""


class Row(NamedTuple):
    """What a row says, and the note in the log; both are patterns.

    No status is any: a thread that is left behind may strike in its own phase, or not yet.
    """

    error: str | None = None
    note: str | None = None
    status: str | None = "failed"


def done(note: str | None = None) -> Row:
    """Return a row that is measured all the same."""
    return Row(None, note, "done")


TWICE = ", and so did the one before"
METHODS: Mapping[str, Row] = {
    "exits": Row("SystemExit: farewell"),
    "leaves": Row(
        r"prune 50% on tiny \(\w{16}\): the worker exited with status 0 before the phase was done"
        + TWICE
    ),
    "segfaults": Row(
        r"prune 50% on tiny \(\w{16}\): the worker was killed by signal 11 \(SIGSEGV\)"
        + TWICE
        + "; its output ends: .*Fatal Python error: Segmentation fault.* in segfaults .*"
    ),
    "kills": Row(r".*: the worker was killed by signal 9 \(SIGKILL\)" + TWICE),
    "interrupts": Row("KeyboardInterrupt: from within"),
    "loops": Row(r".*: timed out: no step for \d+ s; its output ends: .* in loops .*"),
    "hogs": Row("out of memory: .*", "limits, priority or cores"),
    "shouts": Row(r".*: the worker was killed by signal 6 \(SIGABRT\).*; its output ends: .*"),
    "forks": done(r"the running processes \(\d left behind\)"),
    "daemon": done(r"the running processes \(1 left behind\)"),
    "vandal": Row(
        "MethodError: method 'h-vandal' changed the default dtype, the number of threads, "
        "deterministic algorithms, the flushing of denormals for the whole process.*"
    ),
    "infers": Row("MethodError: method 'h-infers' changed inference mode.*"),
    "wanders": done("the working folder, the environment, the import path, limits.*the mask of"),
    "mutes": Row(
        "CaptureError: .*I/O operation on closed file.*",
        "standard input or output, settings of the interpreter, numpy's handling",
    ),
    "deafens": done("signal handlers"),
    "lingers": Row(r"None|MethodError: .*", r"the running threads \(spoiler\)", None),
    "patches": done(r"the function (\S+, )*torch\S+"),
    "litters": done(),
    "reseeds": done(),
    "misshapes": Row("MethodError: method 'h-misshapes'.*"),
    "nan": Row("MethodError: method 'h-nan'.*"),
    "fickle": done(),
}
NETWORKS: Mapping[str, Row] = {
    "exits": Row("SystemExit: farewell"),
    "segfaults": Row(r"train on tiny \(\w{16}\): the worker was killed by signal 11 .*"),
    "panics": Row("Panic: in another language"),
    "nan": Row("the training loss is nan at step 1 of .*", status="diverged"),
    "misshapes": Row(".*"),
    "vandal": Row(".*"),
    "ungrateful": Row("RuntimeError: element 0 of tensors does not require grad.*"),
    "wanders": done("the working folder, the environment"),
    "fickle": done(),
}
DATA: Mapping[str, Row] = {
    "floats": Row(r"DataError: image 'train/\S+' is float64 \(32, 16, 3\); expected uint8 .*"),
    "narrow": Row(r"DataError: image 'train/\S+' is uint8 \(32, 0, 3\); expected uint8 .*"),
    "exits": Row("SystemExit: farewell"),
    "segfaults": Row(r"train on \S+ \(\w{16}\): the worker was killed by signal 11 .*"),
    "panics": Row("Panic: in another language"),
    "vandal": Row("ComponentError: data set 'h-data-vandal' changed the default dtype.*"),
    "wanders": done("the working folder, the environment"),
    "lies": done(),
    "missing": Row("DataError: image 0 is not there"),
}


OUT = "; correct it or leave it out"
MAKING: Mapping[str, Row] = {
    "segfaults": Row(
        r".* of plugin reidbench-hostile 1\.0 ended its process while .*: the worker was killed by "
        rf"signal 11 \(SIGSEGV\){OUT}; its output ends: .* in segfaults .*"
    ),
    "leaves": Row(rf".* ended its process while .*: the worker exited with status 0{OUT}"),
    "kills": Row(rf".* ended .*: the worker was killed by signal 9 \(SIGKILL\){OUT}"),
    "loops": Row(rf".* did not end within \d+ s while .*{OUT}; its output ends: .* in loops .*"),
    "wanders": done(),
}
"""What is said of components that strike before the first phase."""


@dataclass(frozen=True)
class HostileRun:
    """What a run of hostile components left.

    Attributes:
        scratch: where its processes put temporary files.

    """

    folder: Path
    scratch: Path
    said: Finished
    results: Mapping[str, Result]

    @property
    def home(self) -> Path:
        return self.folder / "runs" / "tiny-suite"

    @property
    def litter(self) -> list[str]:
        """What phases have left among temporary files."""
        return [path.name for path in self.scratch.rglob("*litter*")]

    @property
    def log(self) -> str:
        return (self.home / "run.log").read_text()


def run(folder: Path, env: Mapping[str, str], *words: object, **suite: Any) -> HostileRun:
    """Run a suite; results are by the one of their parts that is hostile, or by their method."""
    write_suite(folder, **suite)
    scratch = folder / "scratch"
    scratch.mkdir()
    env = {**env, "TMPDIR": str(scratch), "HOSTILE_SLEEP": NAPS}
    words = ("run", "suite.yaml", "--threads", 1, *words)
    said = reidbench(*words, cwd=folder, env=env, seconds=HOUR)
    home = folder / "runs" / "tiny-suite" / "results"
    assert home.is_dir(), f"exit status {said.returncode}: {said.stderr}"
    results = read_results(home)
    return HostileRun(folder, scratch, said, {_part(each): each for each in results})


def _part(result: Result) -> str:
    trial = result.trial
    parts = [one for one in (trial.backbone, trial.target) if one.startswith("h-")]
    return f"{parts[0]} {trial.method}" if parts else trial.method


def assert_said(rows: Mapping[str, Row], found: HostileRun) -> None:
    """Compare what rows say, and what the log notes of them, with what is expected."""
    wrong = {}
    for name, row in rows.items():
        result = found.results[name]
        status = row.status or result.status
        if result.status != status or not re.fullmatch(row.error or "None", str(result.error)):
            wrong[name] = f"{result.status}: {result.error}"
        # Images are decoded by whichever trial of the data set comes first.
        data, trial = result.trial.target, str(result.trial)
        where = f"/{data}/" if data.startswith("h-") else trial
        noted = [line for line in found.log.splitlines() if where in line]
        if row.note and not any(re.search(f"changed .*{row.note}", line) for line in noted):
            wrong[f"{name}, noted"] = "\n".join(noted)
    assert wrong == {}


def left_running(folder: Path) -> list[str]:
    """Return the command lines of processes that a run has left: by their folder, or their nap."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if NAPS in line or (process / "cwd").readlink().is_relative_to(folder):
                found.append(line)
    return found
