"""Has a copy of this process read data sets first: one that ends or hangs the copy is refused."""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic

from reidbench.plan import ConfiguredData, PreflightError
from reidbench.run.workers.deaths import death, lost_at, oom_kills, tail, was_killed
from reidbench.run.workers.parent import end_with

TICK, GRACE, SAID = 0.5, 1.0, 30.0
"""Seconds between two looks at the copy, for it to end, and of a reading before it is named."""
TRIES = 2
"""Copies that a data set may cost that were killed: a user or a full machine may have done it."""


@dataclass(frozen=True)
class End:
    """How a copy ended that has not read its data set: as ``lost_at`` says it."""

    what: str
    how: str = ""
    was_killed: bool = False


def refuse_deadly(
    data: Sequence[ConfiguredData], patience: float, say: Callable[[str], None]
) -> None:
    """Refuse data sets whose plugin ends, or hangs, the process that reads them.

    A copy of this process reads each before this one does; of the images it reads, this one takes
    their digests from it. What is raised in the copy is left to whoever reads the data set next.
    ``patience`` is in seconds.

    Nothing is done where a copy would lack what this process has: threads, as torch starts them.
    Nor on other systems than Linux, where libraries of the system do not outlive being copied.

    Raises:
        PreflightError: of the first such data set, in a sentence.

    """
    if sys.platform != "linux" or threading.active_count() > 1 or "torch" in sys.modules:
        return
    for each in data:
        for _ in range(TRIES):
            with tempfile.NamedTemporaryFile(prefix="reidbench-lists-") as log:
                end = _read_apart(each, log.fileno(), patience, say)
                printed = tail(Path(log.name))
            if end is None or not end.was_killed:
                break
        if end is not None:
            name = f"data set {each.in_full}"
            raise PreflightError(lost_at(name, "it was read", end.what, end.how, printed))


def _read_apart(
    data: ConfiguredData, log: int, patience: float, say: Callable[[str], None]
) -> End | None:
    """Have a copy read a data set, and take its digests; return how the copy ended if it did."""
    context, kills = multiprocessing.get_context("fork"), oom_kills()
    answers, asked = context.Pipe(duplex=False)
    copy = context.Process(target=_read, args=(data, asked, log, os.getpid()))
    copy.start()
    asked.close()
    try:
        if not _has_come_to_something(data, copy, answers, patience, say):
            return End(f"did not end within {patience:g} s")
        if (digests := _answer(answers)) is None:
            return _ended(copy, kills)
        data.believe(digests)
    finally:
        _kill(copy)
        answers.close()
    return None


def _has_come_to_something(
    data: ConfiguredData,
    copy: BaseProcess,
    answers: Connection,
    patience: float,
    say: Callable[[str], None],
) -> bool:
    """Wait until a copy has answered or ended; return False if it does neither for too long."""
    began, is_said = monotonic(), False
    # Its line may be kept open by a process that it has left behind.
    while not answers.poll(TICK) and copy.is_alive():
        waited = monotonic() - began
        if waited > patience:
            _signal(copy, signal.SIGUSR1)  # has it write its stack to the log
            copy.join(GRACE)
            return False
        if waited > SAID and not is_said:
            is_said = True
            say(f"still reading data set {data.in_full}")
    return True


def _answer(answers: Connection) -> dict[str, str] | None:
    """Return what a copy has said; None if it has said nothing."""
    try:
        return dict(json.loads(answers.recv_bytes())) if answers.poll() else None
    except EOFError:
        return None


def _ended(copy: BaseProcess, kills: int) -> End:
    copy.join(GRACE)
    if copy.exitcode is None:
        return End("closed the line of its process")
    how = death(copy.exitcode, oom_kills() - kills, who="the process")
    return End("ended its process", f": {how}", was_killed(copy.exitcode))


def _signal(copy: BaseProcess, number: int) -> None:
    assert copy.pid is not None
    # With all that it has started, by the group that it leads.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(copy.pid, number)


def _kill(copy: BaseProcess) -> None:
    _signal(copy, signal.SIGKILL)
    copy.kill()  # it may not have come as far as to lead a group
    copy.join()


def _read(data: ConfiguredData, asked: Connection, log: int, parent: int) -> None:
    """Read a data set in a copy, which ends with its parent, and answer with the digests."""
    os.setsid()
    end_with(parent)
    for number in (1, 2):
        os.dup2(log, number)
    faulthandler.enable(2)
    faulthandler.register(signal.SIGUSR1, 2, all_threads=True)
    answer = b"{}"
    with suppress(BaseException):
        answer = json.dumps(data.digests()).encode()
    asked.send_bytes(answer)
