"""The event log of a run, and where it stands as read from that alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time

import pytest

from reidbench.errors import ReidbenchError
from reidbench.run.event_log import EventLog
from reidbench.run.places import EVENTS
from reidbench.run.status import newest_run, run_status

NOTE = "loss 1.250, 310 images/s"


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """Return the log of a run of four phases that has just begun."""
    log = EventLog(tmp_path / EVENTS)
    start(log)
    return log


def start(log: EventLog, done: int = 0) -> None:
    left = 4.0 - done
    counts = {"trials": 2, "trials_done": 0, "phases": 4, "phases_done": done, "weight": left}
    log.write("run started", suite="mine", workers=1, **counts)


def finish(log: EventLog, key: str) -> None:
    log.begin(key, f"phase {key}")
    log.end("finished", key, f"phase {key}", seconds=1.0, weight=1.0)


def counts(folder: Path) -> tuple[int, int, int, int]:
    status = run_status(folder)
    return (
        status.phases_done,
        status.phases_running,
        status.phases_failed,
        status.phases_waiting,
    )


def test_every_phase_is_counted_once(log: EventLog, tmp_path: Path) -> None:
    finish(log, "a")
    log.begin("b", "train on x")
    assert counts(tmp_path) == (1, 1, 0, 2)
    log.end("failed", "b", "train on x", why="killed by signal 11")
    status = run_status(tmp_path)
    assert counts(tmp_path) == (1, 0, 1, 2)
    assert status.state == "running"
    assert status.failures == ("train on x: killed by signal 11",)
    assert status.left is not None


def test_a_phase_that_is_retried_waits_again(log: EventLog, tmp_path: Path) -> None:
    log.begin("a", "train")
    log.end("retried", "a", "train", why="killed")
    assert counts(tmp_path) == (0, 0, 0, 4)
    finish(log, "a")
    assert counts(tmp_path) == (1, 0, 0, 3)


def test_a_worker_is_shown_with_its_last_step(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reidbench.run.event_log.FIRST_STEP", 0.0)
    log.begin("a", "train on x", worker=3)
    assert log.step("a", "train on x", 10, 100, NOTE)
    assert not log.step("a", "train on x", 11, 100, NOTE)  # too soon
    (one,) = run_status(tmp_path).working
    assert (one.worker, one.label, one.step) == (3, "train on x", f"10/100 {NOTE}")
    assert one.pid == os.getpid()
    event = json.loads(log.path.read_text().splitlines()[-1]) if log.path else {}
    assert (event["loss"], event["images_per_second"]) == (1.25, 310.0)


def test_the_last_start_knows_what_was_done_before(log: EventLog, tmp_path: Path) -> None:
    finish(log, "a")
    start(log, done=1)
    finish(log, "b")
    assert counts(tmp_path) == (2, 0, 0, 2)


def test_a_process_that_joined_before_the_last_start_still_works(
    log: EventLog, tmp_path: Path
) -> None:
    log.begin("a", "train on x")
    text = (tmp_path / EVENTS).read_text().splitlines()[0]
    other = {**json.loads(text), "host": "another", "phases_done": 1}
    with (tmp_path / EVENTS).open("a") as file:
        file.write(json.dumps(other) + "\n")
    status = run_status(tmp_path)
    assert [(one.label, one.pid) for one in status.working] == [("train on x", os.getpid())]
    assert (status.phases_done, status.phases_waiting) == (1, 2)


def test_a_long_log_is_read_in_half_a_second(log: EventLog, tmp_path: Path) -> None:
    log.begin("a", "train on x")
    assert log.path is not None
    step = {"v": 1, "kind": "phase step", "time": 0.0, "host": "h", "pid": 1, "key": "b"}
    line = json.dumps({**step, "label": "x" * 90, "done": 1, "total": 9, "note": NOTE}) + "\n"
    with log.path.open("a") as file:
        file.writelines([line] * 276_000)
    log.step("a", "train on x", 10, 100, NOTE)
    finish(log, "c")
    begun = process_time()  # of this process alone: the machine may be busy
    assert counts(tmp_path) == (1, 1, 0, 2)
    assert process_time() - begun < 0.5


def test_a_trial_that_fails_before_the_first_step_is_failed(log: EventLog, tmp_path: Path) -> None:
    for _ in range(2):  # as two processes that share the run say it
        log.write("trial unfit", key="t", label="s/tiny/mine", why="mine cannot be made")
    status = run_status(tmp_path)
    assert (status.trials, status.trials_done, status.trials_failed) == (2, 0, 1)
    assert status.failures == ("s/tiny/mine: mine cannot be made",)


def test_a_run_that_was_killed_does_not_seem_to_run(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom pathlib import Path\n"
        "from reidbench.run.event_log import EventLog\n"
        f"log = EventLog(Path({str(tmp_path / EVENTS)!r}))\n"
        "log.write('run started', suite='mine', workers=1, trials=1, trials_done=0, phases=3, "
        "phases_done=0, weight=3.0)\n"
        "log.begin('a', 'train'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert run_status(tmp_path).state == "killed"
    assert counts(tmp_path) == (0, 0, 0, 3)


def test_a_run_says_how_it_ended(log: EventLog, tmp_path: Path) -> None:
    log.write("run finished", how="done")
    status = run_status(tmp_path)
    assert (status.state, status.rate, status.left) == ("done", None, None)


def test_lines_of_several_writers_do_not_mix(tmp_path: Path) -> None:
    logs = [EventLog(tmp_path / EVENTS) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda log: [log.write("x", text="y" * 3000) for _ in range(100)], logs))
    lines = (tmp_path / EVENTS).read_text().splitlines()
    assert len(lines) == 400
    assert all(json.loads(line)["text"] == "y" * 3000 for line in lines)


def test_half_a_line_is_left_out(log: EventLog, tmp_path: Path) -> None:
    with (tmp_path / EVENTS).open("a") as file:
        file.write('{"v": 1, "kind": "phase fin\n')
    finish(log, "a")
    assert counts(tmp_path)[0] == 1


def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    EventLog(tmp_path / "file" / EVENTS).write("run started")


def test_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / EVENTS).write_text('{"v": 2, "kind": "run started"}\n')
    with pytest.raises(ReidbenchError, match=r"events.jsonl: an event of version 2"):
        run_status(tmp_path)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReidbenchError, match="no run has begun"):
        run_status(tmp_path)
    with pytest.raises(ReidbenchError, match="no run has left an event log"):
        newest_run(tmp_path)


def test_the_run_at_work_last_is_chosen(tmp_path: Path) -> None:
    for name, when in (("old", 1000), ("new", 3000), ("middle", 2000)):
        log = EventLog(tmp_path / name / EVENTS)
        start(log)
        os.utime(tmp_path / name / EVENTS, (when, when))
    assert newest_run(tmp_path).name == "new"


def test_status_is_read_without_torch() -> None:
    code = "import sys, reidbench.cli.status; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
