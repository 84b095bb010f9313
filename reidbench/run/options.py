"""What a run is asked to do: the suite, the part of it, the folders and the device."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TextIO

from reidbench.errors import ReidbenchError
from reidbench.files import at_home
from reidbench.plugins import Registry, discover
from reidbench.store import store_folder

DATA, DATA_VARIABLE = Path("data"), "REIDBENCH_DATA"
EXECUTORS = ("serial", "local", "ray")
PATIENCE = 600.0
"""Seconds that lists may take to be read: those of a million images may lie on a slow disk."""
STEP_TIMEOUT = 3600.0
"""Some methods rank a large network for many minutes without a step in between."""


@dataclass(frozen=True)
class RunOptions:
    """The options of a run, and of a plan of it.

    Attributes:
        suite: the path of a suite file, or the name of a suite that comes with reidbench.
        out: folder for results, log and leaderboard; None is ``runs/<suite name>``.
        store: folder of networks and measurements that suites share; None is that of the
            environment variable ``REIDBENCH_STORE``, or else ``runs/store``.
        data: folder of the data sets that a user brings; None is that of ``REIDBENCH_DATA``, or
            else ``data``.
        only: names of the part to run, as after ``--only``: ``l1``, ``reduction=0.5``.
        protocol: the name, or the file, of another protocol than the suite's.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads; None is torch's default.
        disabled: plugins to leave out, by entry point or distribution.
        workers: worker processes on this machine; 0 runs every phase in this process. On a Ray
            cluster the most phases at a time, 0 for as many as have room.
        executor: ``serial``, ``local`` or ``ray``; None is ``local`` if there are workers, else
            ``serial``.
        address: of the Ray cluster; None is ``auto``, the one that runs here or that
            ``RAY_ADDRESS`` names. ``local`` starts one that ends with the run.
        step_timeout: seconds without a step after which a worker is stopped and its phase fails.
        progress: where progress is reported; None is nowhere.

    """

    suite: str | Path
    _: KW_ONLY
    out: str | Path | None = None
    store: str | Path | None = None
    data: str | Path | None = None
    only: str | Sequence[str] = ()
    protocol: str | None = None
    device: str = "auto"
    threads: int | None = None
    disabled: Sequence[str] = ()
    workers: int = 0
    executor: str | None = None
    address: str | None = None
    step_timeout: float = STEP_TIMEOUT
    progress: TextIO | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise ReidbenchError(f"--threads {self.threads}: must be at least 1")
        if self.workers < 0:
            raise ReidbenchError(f"--workers {self.workers}: must not be negative")
        self._refuse_mixed()
        if not self.step_timeout > 0:
            raise ReidbenchError(f"--step-timeout {self.step_timeout:g}: must be positive")

    def _refuse_mixed(self) -> None:
        """Refuse options that only another executor heeds."""
        if self.executor not in (None, *EXECUTORS):
            raise ReidbenchError(f"--executor {self.executor}: use one of {', '.join(EXECUTORS)}")
        if self.executor == "serial" and self.workers:
            raise ReidbenchError(
                f"--executor serial has no workers: leave out --workers {self.workers}"
            )
        if self.executor == "local" and not self.workers:
            raise ReidbenchError("--executor local: --workers must be at least 1")
        if self.backend == "serial" and self.step_timeout != STEP_TIMEOUT:
            raise ReidbenchError(
                f"--step-timeout {self.step_timeout:g}s stops a worker, and this run has none: "
                "leave it out, or name --workers"
            )
        if self.address is not None and self.executor != "ray":
            raise ReidbenchError(f"--address {self.address} is of use with --executor ray alone")
        if self.address is not None and self.address.startswith("ray://"):
            raise ReidbenchError(
                f"--address {self.address}: a run does not work through Ray Client; start it on a "
                "node of the cluster, with --address auto"
            )

    @property
    def backend(self) -> str:
        """The name of the executor that runs phases."""
        return self.executor or ("local" if self.workers else "serial")

    @property
    def threads_each(self) -> int | None:
        """CPU threads of each process that computes: several share the cores of the machine."""
        if self.threads or self.workers < 2:
            return self.threads
        return max(1, available_cores() // self.workers)

    @property
    def patience(self) -> float:
        """Seconds that the lists of a data set, or a step of the examination, may take at most."""
        return min(PATIENCE, self.step_timeout)

    @property
    def store_folder(self) -> Path:
        """The folder of artefacts."""
        return store_folder(self.store)

    @property
    def data_folder(self) -> Path:
        """The folder below which data sets are searched for."""
        return at_home(self.data or os.environ.get(DATA_VARIABLE) or DATA)

    @property
    def selection(self) -> tuple[str, ...]:
        """The words of ``only``."""
        return (self.only,) if isinstance(self.only, str) else tuple(self.only)

    def say(self, line: str) -> None:
        """Report a line of progress."""
        if self.progress is not None:
            print(line, file=self.progress, flush=True)


def available_cores() -> int:
    """Return the cores that this process may use, which a scheduler may have limited."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def installed_plugins(disabled: Sequence[str], say: Callable[[str], None]) -> Registry:
    """Return the plugins that load, and say which do not, and why."""
    registry = discover(disabled)
    registry.observers.say = say
    for problem in registry.problems:
        say(f"plugin {problem.plugin} left out: {problem.reason}")
    return registry
