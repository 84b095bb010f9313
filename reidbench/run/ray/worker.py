"""A task of a Ray cluster as the driver sees it: one phase at a time, on whatever node has room."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from reidbench.errors import named_line
from reidbench.run.ray.cluster import Share
from reidbench.run.ray.task import FINAL, make
from reidbench.run.ray.task import GRACE as TASK_GRACE
from reidbench.run.workers.deaths import tail
from reidbench.run.workers.interface import GRACE, Event
from reidbench.run.workers.messages import Request, Setup

_LOSSES = {
    "NodeDiedError": "the node was lost",
    "WorkerCrashedError": "the task's process was lost",
    "LocalRayletDiedError": "the node was lost",
    "OutOfMemoryError": "out of memory: Ray killed the task",
    "TaskUnschedulableError": "no node was left for the task",
}
"""Errors of Ray that are no fault of what the task does."""


@dataclass(eq=False)
class RayWorker:
    """A place for one task after another; each is a fresh process, on any node.

    Attributes:
        setup: what each process is told at its start.
        demands: what a node must have and see, as a line.
        share: what a task asks a node for.
        events: where replies go.

    """

    setup: Setup
    demands: str
    share: Share
    events: queue.SimpleQueue[Event]
    request: Request | None = None
    is_ready: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    stepped: float = 0.0
    is_stillborn: bool = False
    _task: Any = None
    _listener: threading.Thread | None = None
    _why: str = ""
    _printed: str = ""

    @property
    def is_idle(self) -> bool:
        """Whether it can be asked."""
        return self.request is None

    @property
    def printed(self) -> str:
        """The last of what it has printed, on one line."""
        return self._printed or (tail(Path(self.request.log)) if self.request else "")

    def ask(self, request: Request) -> None:
        """Submit a task; it waits as long as other jobs hold what it asks for."""
        import ray

        # In the cluster's queue nothing steps.
        self.request, self.is_ready, self.stepped = request, False, float("inf")
        self.provenance = {}
        options = {"num_cpus": self.share.threads, "num_gpus": self.share.gpus}
        task = ray.remote(num_returns="streaming", max_retries=0, **options)(make)
        self._task = task.remote(self.setup.line(), request.line(), self.demands)
        self._listener = threading.Thread(target=self._listen, args=(self._task,), daemon=True)
        self._listener.start()

    def is_silent(self, seconds: float) -> bool:
        """Return whether it has reported no step for so long."""
        return monotonic() - self.stepped > seconds

    def is_late(self) -> bool:
        """Return False: the task watches over its process."""
        return False

    def has_ended(self) -> bool:
        """Return False: the last event of a task always comes."""
        return False

    def death(self) -> str:
        """Return how the task ended."""
        return self._why

    def stop(self, grace: float = GRACE) -> None:
        """Cancel the task, which ends its process: politely, then by force."""
        self._cancel(force=False)
        self._wait(grace)
        self._cancel(force=True)
        self._wait(grace)

    def kill(self) -> None:
        """Cancel the task, which ends its process and all that this has started."""
        self.stop(TASK_GRACE + 1)

    def _cancel(self, *, force: bool) -> None:
        import ray

        if self._listener is not None and self._listener.is_alive():
            with suppress(Exception):  # it may be ending just now
                ray.cancel(self._task, force=force)

    def _wait(self, seconds: float) -> None:
        if self._listener is not None:
            self._listener.join(seconds)

    def _listen(self, task: Any) -> None:
        """Pass the replies of a task on, and how it ended if none of them was the last."""
        import ray

        try:
            for reference in task:
                reply = json.loads(ray.get(reference))
                if reply["reply"] == "ended":
                    self._why, self._printed = reply["why"], reply["printed"]
                    self.is_stillborn = not reply["ready"]
                    break
                self.events.put(Event(self, reply))
                if reply["reply"] in FINAL:
                    return
        except Exception as error:
            loss = _LOSSES.get(type(error).__name__)
            self.is_stillborn = loss is None
            self._why = loss or f"the task failed: {named_line(error)[-300:]}"
        self.events.put(Event(self, None))
