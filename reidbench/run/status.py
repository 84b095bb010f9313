"""Where a run stands, read from its event log alone: by any process that sees the folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import time
from typing import Any, TypeAlias

from pydantic_core import from_json

from reidbench.errors import ReidbenchError
from reidbench.run.event_log import VERSION
from reidbench.run.places import EVENTS, RUNS

Event: TypeAlias = Mapping[str, Any]
Process: TypeAlias = tuple[str, int]
"""Host, and process id there."""
SILENT = 300.0
"""Seconds without an event after which a worker is said to be silent."""
_LAST_STEPS, _LAST_FAILURES = 2000, 5
_HEAD = b'{"v": %d, "kind": "' % VERSION
_RUN, _STEP = _HEAD + b"run ", _HEAD + b'phase step"'
_RUN_STARTED = _HEAD + b'run started"'


@dataclass(frozen=True)
class Working:
    """A phase that a worker is making.

    Attributes:
        since: seconds since it began.
        heard: seconds since its last event.
        step: done and in all, with loss and images a second; empty before the first.

    """

    host: str
    pid: int
    worker: int
    label: str
    since: float
    heard: float
    step: str


@dataclass(frozen=True)
class RunStatus:
    """What a run, or several that share a folder, have done and have left.

    Attributes:
        state: ``running``, ``done``, ``stopped``, or ``killed`` without a last word.
        trials: with ``trials_done`` and ``trials_failed``, how many there are.
        phases: likewise, with ``phases_running``, and ``phases_waiting`` for the others.
        rate: phases an hour since the last process joined; None before the first.
        left: seconds left at that rate, weighted by the forecast; None if unknown or ended.
        working: what each worker does.
        failures: the last ones, one sentence each.

    """

    suite: str
    state: str
    trials: int
    trials_done: int
    trials_failed: int
    phases: int
    phases_done: int
    phases_running: int
    phases_failed: int
    phases_waiting: int
    rate: float | None
    left: float | None
    working: tuple[Working, ...]
    failures: tuple[str, ...]


def newest_run(runs: Path = RUNS) -> Path:
    """Return the folder below ``runs`` whose event log has grown last.

    Raises:
        ReidbenchError: there is none.

    """
    logs = sorted(runs.glob(f"*/{EVENTS}"), key=lambda log: log.stat().st_mtime)
    if not logs:
        raise ReidbenchError(
            f"{runs}: no run has left an event log here; name the folder of a run, as after --out"
        )
    return logs[-1].parent


def run_status(folder: Path) -> RunStatus:
    """Return where the run in a folder stands.

    Raises:
        ReidbenchError: the folder has no event log, or one of another version.

    """
    log = folder / EVENTS
    if not log.is_file():
        raise ReidbenchError(
            f"{log} is not there: no run has begun in {folder}; name the folder of a run"
        )
    lines = _without_old_steps(log.read_bytes().splitlines())
    _refuse_other_versions(lines, log)
    starts = [index for index, line in enumerate(lines) if line.startswith(_RUN_STARTED)]
    if not starts:
        raise ReidbenchError(f"{log}: no run has begun in it")
    before, latest = lines[: starts[-1]], lines[starts[-1] :]
    # Of what was before the last start, only what processes that are still at work do.
    alive = _open_runs(_parsed(line for line in lines if line.startswith(_RUN)))
    pids = [b'"pid": %d,' % pid for _, pid in alive]
    before = [line for line in before if any(pid in line for pid in pids)]
    heads = (line for line in latest if line.startswith(_HEAD))
    return _status([*_parsed(before)], [*_parsed(heads)], alive)


def _without_old_steps(lines: list[bytes]) -> list[bytes]:
    """Return lines without the steps, which are most of a long run, but for the last ones."""
    steps = (place for place in reversed(range(len(lines))) if lines[place].startswith(_STEP))
    first = next(islice(steps, _LAST_STEPS, None), 0)
    return [line for line in lines[:first] if not line.startswith(_STEP)] + lines[first:]


def _refuse_other_versions(lines: Iterable[bytes], log: Path) -> None:
    for event in _parsed(line for line in lines if not line.startswith(_HEAD)):
        if isinstance(event, dict) and "kind" in event and event.get("v") != VERSION:
            raise ReidbenchError(
                f"{log}: an event of version {event.get('v')}, and this reidbench reads version "
                f"{VERSION}; use the version that runs the suite"
            )


def _parsed(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of lines; half a line, of a full disk, is none."""
    for line in lines:
        with suppress(ValueError):
            # Three times as fast as json: a long run has hundreds of thousands of lines.
            yield from_json(line)


def _status(before: list[Event], latest: list[Event], open_runs: set[Process]) -> RunStatus:
    """Count from the last start: it knew what was done before, by itself or by others."""
    start, now = latest[0], time()
    by_kind = {kind: _by_key(latest, kind) for kind in ("finished", "failed")}
    done, failed = by_kind["finished"], by_kind["failed"].keys() - by_kind["finished"].keys()
    trials = {event["key"]: event for event in latest if event["kind"] == "trial finished"}
    ended_well = [event for event in trials.values() if event["status"] == "done"]
    unfit = {event["key"]: event for event in latest if event["kind"] == "trial unfit"}
    failures = [*unfit.values(), *by_kind["failed"].values()]
    working = tuple(_working([*before, *latest], open_runs, now))
    phases_done = start["phases_done"] + len(done)
    others = start["phases"] - phases_done - len(failed) - len(working)
    elapsed = now - start["time"]
    weight = sum(event["weight"] for event in done.values())
    is_running = bool(open_runs)
    return RunStatus(
        suite=start["suite"],
        state="running" if is_running else _how_it_ended(latest),
        trials=start["trials"],
        trials_done=start["trials_done"] + len(ended_well),
        trials_failed=len(trials) - len(ended_well) + len(unfit),
        phases=start["phases"],
        phases_done=phases_done,
        phases_running=len(working),
        phases_failed=len(failed),
        phases_waiting=max(0, others),
        rate=3600 * len(done) / elapsed if done and is_running else None,
        left=max(0.0, elapsed * (start["weight"] - weight) / weight)
        if weight and is_running
        else None,
        working=working,
        failures=tuple(f"{it['label']}: {it['why']}" for it in failures[-_LAST_FAILURES:]),
    )


def _by_key(events: Iterable[Event], kind: str) -> dict[str, Event]:
    return {event["key"]: event for event in events if event["kind"] == f"phase {kind}"}


def _how_it_ended(latest: Iterable[Event]) -> str:
    ends = [event["how"] for event in latest if event["kind"] == "run finished"]
    return str(ends[-1]) if ends else "killed"


def _process(event: Event) -> Process:
    return (event["host"], event["pid"])


def _open_runs(events: Iterable[Event]) -> set[Process]:
    """Return the processes that have begun and not ended, as far as this machine can tell."""
    found: set[Process] = set()
    for event in events:
        if event["kind"] == "run started":
            found.add(_process(event))
        elif event["kind"] == "run finished":
            found.discard(_process(event))
    return {process for process in found if _may_live(process)}


def _may_live(process: Process) -> bool:
    """Return whether a process may be alive; one on another machine may always be."""
    host, pid = process
    if host != socket.gethostname() or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _working(events: Iterable[Event], alive: set[Process], now: float) -> Iterator[Working]:
    begun: dict[tuple[Process, str], Event] = {}
    steps: dict[tuple[Process, str], Event] = {}
    for event in events:
        if (process := _process(event)) not in alive or "key" not in event:
            continue
        at = (process, event["key"])
        if event["kind"] == "phase started":
            begun[at] = event
            steps.pop(at, None)
        elif event["kind"] == "phase step":
            steps[at] = event
        elif event["kind"].startswith("phase "):
            begun.pop(at, None)
    for at, event in begun.items():
        step = steps.get(at)
        yield Working(
            host=event["host"],
            pid=event["pid"],
            worker=event["worker"],
            label=event["label"],
            since=now - event["time"],
            heard=now - (step or event)["time"],
            step=f"{step['done']}/{step['total']} {step['note']}" if step else "",
        )
