"""A pool of workers: started when needed, replaced when they die."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from reidbench.run.workers.interface import Event, Events, Worker
from reidbench.run.workers.messages import Request, Setup

Hire: TypeAlias = Callable[[int, Events], Worker]
"""Starts a worker for a place, by its index, whose events go to the queue."""


@dataclass
class WorkerPool:
    """Places, each with a worker or none yet.

    Attributes:
        setup: what each worker is told at its start.
        logs: folder of what workers print.
        count: returns how many places there are now; a cluster may grow and shrink.
        hire: starts a worker.

    """

    setup: Setup
    logs: Path
    count: Callable[[], int]
    hire: Hire
    _events: Events = field(default_factory=queue.SimpleQueue)
    _places: list[Worker | None] = field(default_factory=list)
    _open: int = 0

    def start(self, first: int = 0) -> None:
        """Fill every place, so that workers are ready when there is something to do.

        ``first``: the places before it are left as they are, for ``adopt``.
        """
        self._open = self.count()
        self._places += [None] * (self._open - len(self._places))
        for place in range(first, self._open):
            if self._places[place] is None:
                self._places[place] = self.hire(place, self._events)

    def adopt(self, worker: Worker) -> None:
        """Take a worker that was started for something else into the first place, which is free."""
        worker.events = self._events
        self._places[0] = worker

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self._places)

    @property
    def workers(self) -> list[Worker]:
        """The workers there are."""
        return [worker for worker in self._places if worker is not None]

    @property
    def idle(self) -> list[Worker]:
        """The workers that can be asked."""
        places = self._places[: self._open]
        return [worker for worker in places if worker is not None and worker.is_idle]

    def request(self, key: str, attempt: int) -> Request:
        """Return a request with a log of its own, empty."""
        log = self.logs / f"{key}.{attempt}.log"
        log.unlink(missing_ok=True)
        return Request(self.setup.plan.digest, key, attempt, str(log.absolute()))

    def drop_empty(self, request: Request) -> None:
        """Remove the log of an attempt that has printed nothing."""
        log = Path(request.log)
        with suppress(OSError):
            if log.stat().st_size == 0:
                log.unlink()

    def number(self, worker: Worker) -> int:
        """Return the number of a worker's place, from 1."""
        return self._places.index(worker) + 1

    def listen(self, seconds: float) -> Event | None:
        """Return the next event of a worker that is still in the pool, None if there is none."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        return event if event.worker in self.workers else None

    def remove(self, worker: Worker) -> None:
        """Kill a worker and what it has left running; its place is free for ``start``."""
        worker.kill()
        self._places[self._places.index(worker)] = None

    def close(self) -> None:
        """Kill all workers, at the same time: one on another machine takes a moment to go."""
        if workers := self.workers:
            with ThreadPoolExecutor(len(workers)) as threads:
                list(threads.map(self.remove, workers))
