"""A pool of worker processes on one machine: started when needed, replaced when they die."""

from __future__ import annotations

import queue
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from reidbench.run.workers.messages import Request, Setup
from reidbench.run.workers.process import Event, WorkerProcess


@dataclass
class WorkerPool:
    """A fixed number of places, each with a worker or none yet.

    Attributes:
        size: number of places.
        setup: what each worker is told at its start.
        cards: ids of GPUs, dealt to the places in turn; empty if workers see what this process
            sees.
        logs: folder of what workers print.

    """

    size: int
    setup: Setup
    cards: tuple[str, ...]
    logs: Path
    _events: queue.SimpleQueue[Event] = field(default_factory=queue.SimpleQueue)
    _places: list[WorkerProcess | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._places = [None] * self.size

    def start(self) -> None:
        """Fill every place, so that workers are ready when there is something to do."""
        for place, worker in enumerate(self._places):
            if worker is None:
                card = self.cards[place % len(self.cards)] if self.cards else None
                self._places[place] = WorkerProcess(self.setup, card, self._events)

    @property
    def workers(self) -> list[WorkerProcess]:
        """The workers there are."""
        return [worker for worker in self._places if worker is not None]

    @property
    def idle(self) -> list[WorkerProcess]:
        """The workers that are ready and make nothing."""
        return [each for each in self.workers if each.is_ready and each.request is None]

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

    def number(self, worker: WorkerProcess) -> int:
        """Return the number of a worker's place, from 1."""
        return self._places.index(worker) + 1

    def listen(self, seconds: float) -> Event | None:
        """Return the next event of a worker that is still in the pool, None if there is none."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        return event if event.worker in self.workers else None

    def remove(self, worker: WorkerProcess) -> None:
        """Kill a worker and what it has left running; its place is free for ``start``."""
        worker.kill()
        self._places[self._places.index(worker)] = None

    def close(self) -> None:
        """Kill all workers."""
        for worker in self.workers:
            self.remove(worker)
