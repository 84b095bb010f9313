"""What a phase may leave changed in its process for later ones, beside torch's settings."""

from __future__ import annotations

import ctypes
import gc
import locale
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_PR_SET_CHILD_SUBREAPER = 36
OWN_THREADS = frozenset({"claims"})
"""Threads that a phase may start for good: those by which this process shows that it lives."""


@dataclass(frozen=True)
class ProcessState:
    """A process's state at one moment: what has been seen to reach a later phase.

    Attributes:
        values: by name, what is compared by value.
        threads: that are running.

    """

    values: Mapping[str, Any]
    threads: frozenset[threading.Thread]

    @classmethod
    def capture(cls) -> ProcessState:
        """Return the state as it is now."""
        values = {name: read() for name, read in _PARTS.items()}
        return cls(values, frozenset(threading.enumerate()))

    def changes(self) -> list[str]:
        """Return the names of what is no longer what it was, and of what was left running."""
        now = ProcessState.capture()
        changed = [name for name, value in self.values.items() if now.values[name] != value]
        left = {it.name for it in now.threads - self.threads} - OWN_THREADS
        if left:
            changed.append(f"the running threads ({', '.join(sorted(left))})")
        return changed


def children() -> list[int]:
    """Return the processes that this one has started, or taken over, and that live; Linux's."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found |= {int(pid) for pid in task.read_text(encoding="ascii").split()}
    return sorted(found)


def adopt_orphans() -> None:
    """Have processes whose parent has ended become this one's, if they descend from it; Linux's."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> int:
    """Kill the processes that this one has started, and theirs; return how many there were."""
    ended = 0
    # Those that they leave behind are in the next list, if this process adopts orphans.
    while pids := children():
        ended += len(pids)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
    return ended


def _folder() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:  # it has been removed
        return None


def _limits() -> tuple[Any, ...]:
    if sys.platform == "win32":
        return ()
    import resource

    names = sorted(name for name in vars(resource) if name.startswith("RLIMIT_"))
    limits = tuple(resource.getrlimit(getattr(resource, name)) for name in names)
    return (*limits, os.getpriority(os.PRIO_PROCESS, 0), _cores())


def _cores() -> Any:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _signals() -> tuple[Any, ...]:
    handlers = tuple(signal.getsignal(number) for number in sorted(signal.valid_signals()))
    if sys.platform == "win32":
        return handlers
    timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return (handlers, blocked, [signal.getitimer(timer) != (0.0, 0.0) for timer in timers])


def _streams() -> list[Any]:
    """Return the files of Python's standard streams, and of numbers 0, 1 and 2."""
    files: list[Any] = []
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        files += [id(stream), getattr(stream, "closed", True)]
    for number in (0, 1, 2):
        try:
            files.append(os.fstat(number)[:3])
        except OSError:
            files.append(None)
    return files


def _interpreter() -> tuple[Any, ...]:
    return (
        *(sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile()),
        *(gc.isenabled(), gc.get_threshold()),
    )


_PARTS: Mapping[str, Callable[[], Any]] = {
    "the working folder": _folder,
    "the environment": lambda: dict(os.environ),
    "the import path": lambda: tuple(sys.path),
    "limits, priority or cores of the process": _limits,
    "the mask of new files": _umask,
    "the locale": lambda: locale.setlocale(locale.LC_ALL),
    "the time zone": lambda: time.tzname,
    "signal handlers": _signals,
    "standard input or output": _streams,
    "settings of the interpreter": _interpreter,
    "numpy's handling of errors": np.geterr,
    "logging": lambda: (logging.root.manager.disable, logging.getLogger("reidbench").disabled),
}
