"""A worker process as its driver sees it: started, asked, listened to, and ended."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO, Any

from reidbench.run.workers.deaths import death, oom_kills, tail, was_killed
from reidbench.run.workers.interface import GRACE, Event
from reidbench.run.workers.messages import Examination, Request, Setup

STARTING = 600.0
"""Seconds that a worker may take to start and to make the plan."""
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_CODE = "import sys; sys.path[:] = {path!r}; from reidbench.run.workers.worker import main; main()"


@dataclass(eq=False)
class WorkerProcess:
    """One worker process, in a session of its own.

    Attributes:
        setup: what it is told at its start.
        card: id of the GPU that it sees, None for what this process sees.
        events: where its replies go.

    """

    setup: Setup
    card: str | None
    events: queue.SimpleQueue[Event]
    request: Request | None = None
    is_ready: bool = False
    """Whether it has started, and can be blamed for what happens."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """What it computes on, once it is ready."""
    stepped: float = 0.0
    """When it last reported a step of its request, by this process's monotonic clock."""

    def __post_init__(self) -> None:
        self._kills, self._started = oom_kills(), monotonic()
        # What it prints before its first request, whose log it then has.
        self._log = tempfile.NamedTemporaryFile(prefix="reidbench-worker-")  # noqa: SIM115
        # What plugins leave there goes with the worker.
        self._scratch = tempfile.TemporaryDirectory(
            prefix="reidbench-worker-", ignore_cleanup_errors=True
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=self._environment(),
            start_new_session=True,
            text=True,
        )
        self._tell(self.setup.line())
        self._reader = threading.Thread(target=self._read, args=(self._stdout,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id, and that of its group."""
        return self._process.pid

    def ask(self, request: Request) -> None:
        """Hand over a request; a worker that has just died is noticed by its silence."""
        self.request, self.stepped = request, monotonic()
        self._tell(request.line())

    def examine(self, examination: Examination) -> None:
        """Hand over an examination; whoever does so keeps it from being asked for a phase."""
        self.stepped = monotonic()
        self._tell(examination.line())

    @property
    def is_idle(self) -> bool:
        """Whether it can be asked."""
        return self.is_ready and self.request is None

    @property
    def is_stillborn(self) -> bool:
        """Whether it has ended before it was ready, by no fault of a phase."""
        return not self.is_ready

    @property
    def printed(self) -> str:
        """The last of what it has printed, on one line."""
        return tail(Path(self.request.log if self.request else self._log.name))

    def is_silent(self, seconds: float) -> bool:
        """Return whether it has reported no step for so long."""
        return monotonic() - self.stepped > seconds

    def is_late(self) -> bool:
        """Return whether it takes far longer to start than a worker does."""
        return not self.is_ready and monotonic() - self._started > STARTING

    def has_ended(self) -> bool:
        """Return whether the process has ended, however it did."""
        return self._process.poll() is not None

    def death(self) -> str:
        """Return how a process that has closed its line ended."""
        try:
            status = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            return "the worker closed its line to the driver and went on"
        in_phase = self.request is not None
        return death(status, oom_kills() - self._kills, in_phase=in_phase)

    @property
    def was_killed(self) -> bool:
        """Whether it has ended by a signal that mostly comes from outside, the system's too."""
        return was_killed(self._process.poll())

    def stop(self, grace: float = GRACE) -> None:
        """End the process and all that it has started: politely, then by force."""
        if hasattr(signal, "SIGUSR1") and not self.has_ended():
            self._signal(signal.SIGUSR1)  # has it write the stacks of its threads to the log
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2)
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """Kill the process and all that it has started, at once."""
        if os.name == "posix":
            self._signal(signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        self._scratch.cleanup()
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _signal(self, number: int) -> None:
        # The group outlives its leader if a plugin has started processes.
        with suppress(ProcessLookupError, PermissionError):
            if os.name != "posix" or number not in (signal.SIGTERM, signal.SIGKILL):
                self._process.send_signal(number)
            else:
                os.killpg(self.pid, number)

    def _environment(self) -> dict[str, str]:
        """Return the environment: numeric libraries read their threads from it as they load."""
        threads, card = self.setup.threads, self.card
        more = dict.fromkeys(_THREAD_VARIABLES, str(threads)) if threads else {}
        cards = {} if card is None else {"CUDA_VISIBLE_DEVICES": card}
        more["TMPDIR"] = self._scratch.name
        return {**os.environ, **more, **cards, "PYTHONUNBUFFERED": "1"}

    @property
    def _stdout(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _read(self, replies: IO[str]) -> None:
        with suppress(ValueError, OSError):
            for line in replies:
                # What Python itself prints before the worker has its line.
                if line.startswith('{"reply": '):
                    self.events.put(Event(self, json.loads(line)))
        self.events.put(Event(self, None))
