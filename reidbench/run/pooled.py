"""Runs a plan by a pool of workers, together with other runs on the same store."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from reidbench.errors import ReidbenchError
from reidbench.files import NoRoom
from reidbench.plan import Plan, Trial
from reidbench.plugins import Registry
from reidbench.results import Result, write_result
from reidbench.run.executor import Failure
from reidbench.run.failure_notes import FailureNotes
from reidbench.run.forecast import Forecast
from reidbench.run.labels import FAILED, timing_name, title
from reidbench.run.ledger import Ledger
from reidbench.run.node_queue import NodeQueue
from reidbench.run.progress import Reporter
from reidbench.run.timings import TimingsRecorder
from reidbench.run.workers.interface import STILLBORN, Event, Worker, note_ready
from reidbench.run.workers.messages import Reply, Request
from reidbench.run.workers.pool import WorkerPool
from reidbench.store import Store
from reidbench.store.claims import Claims

TICK = 0.5
"""Seconds between two looks at the workers."""
ATTEMPTS = 2
"""Workers that a node may cost."""
_log = logging.getLogger(__name__)


@dataclass
class PooledExecutor:
    """Workers, each with one node at a time; nodes in the store are not made again.

    Attributes:
        step_timeout: seconds without a step after which a worker is stopped, or five times as long
            as the phase is forecast to take, whichever is longer.

    """

    store: Store
    registry: Registry
    results: Path
    reporter: Reporter
    forecast: Forecast
    recorder: TimingsRecorder
    pool: WorkerPool
    notes: FailureNotes
    step_timeout: float
    _attempts: Counter[str] = field(default_factory=Counter)
    _begun: dict[str, float] = field(default_factory=dict)
    _stillborn: int = 0

    def run(self, plan: Plan, trials: tuple[Trial, ...]) -> list[Result]:
        """Run trials to their results; a failure ends its trial, never the run.

        Raises:
            NoRoom: a disk is full, which ends the run.
            ReidbenchError: workers do not start, or the suite has changed.

        """
        self._trials = {trial.key: index for index, trial in enumerate(trials, start=1)}
        ledger = Ledger(plan, trials, self.store, self._settled)
        self.recorder.count_found(trials, self.store)
        self.recorder.workers = self.pool.size
        with (
            # Given back last: until the workers have gone, one may be writing.
            closing(Claims(self.store.root)) as claims,
            closing(self.pool),
            self.reporter.running(),
        ):
            self._queue = NodeQueue(ledger, self.store, claims, self.notes, self.forecast.weight)
            self._hand_out()
            while not ledger.is_settled:
                self._listen()
                self._hand_out()
        return ledger.results

    def _settled(self, result: Result) -> None:
        write_result(self.results, result)
        self.registry.trial_finished(result)
        self.reporter.settled(self._trials[result.key], len(self._trials), result)

    def _hand_out(self) -> None:
        """Give each idle worker something to make, as long as there is something."""
        self.pool.start()
        for worker in self.pool.idle:
            if (key := self._queue.next()) is None:
                return
            self._begun[key] = monotonic()
            self.reporter.begin(*self._words(worker, key), self.pool.number(worker), key)
            worker.ask(self.pool.request(key, self._attempts[key] + 1))

    def _words(self, worker: Worker, key: str) -> tuple[str, str]:
        """Return of which trial a node is, and what it is, for people."""
        trial = self._queue.trial(key)
        by = f" (worker {self.pool.number(worker)})" if self.pool.size > 1 else ""
        head = f"[{self._trials[trial.key]}/{len(self._trials)}] {trial.id}"
        return head, title(self._queue.node(key), trial) + by

    def _listen(self) -> None:
        self._hear(self.pool.listen(TICK))
        for worker in self.pool.workers:
            if worker.has_ended():
                self._hear_out(worker)
            elif worker.is_late():
                self._died(worker, "it takes too long")
            elif (request := worker.request) and worker.is_silent(self._patience(request)):
                self._timed_out(worker, request)

    def _hear_out(self, worker: Worker) -> None:
        """Hear what a worker said before it ended, and then that it has ended."""
        until = monotonic() + TICK
        while worker in self.pool.workers and monotonic() < until:
            self._hear(self.pool.listen(TICK / 10))
        # Its line may be kept open by a process that it has left behind.
        if worker in self.pool.workers:
            self._hear(Event(worker, None))

    def _hear(self, event: Event | None) -> None:
        if event is None:
            return
        worker, reply = event
        if reply is None:
            self._died(worker, worker.death())
        elif reply["reply"] == "unfit":
            raise ReidbenchError(reply["why"])
        elif reply["reply"] == "ready":
            note_ready(worker, reply, self.pool.setup.plan)
            self._stillborn = 0
        elif (request := worker.request) is not None and reply.get("key") == request.key:
            self._answered(worker, request, reply)

    def _answered(self, worker: Worker, request: Request, reply: Reply) -> None:
        kind = reply["reply"]
        if kind in ("started", "step"):
            worker.stepped = monotonic()
        if kind == "step":
            head, words = self._words(worker, request.key)
            done, total = reply["done"], reply["total"]
            self.reporter.note_step(request.key, head, words, done, total, reply["note"])
            shown = f"{words} {done}/{total} {reply['note']}"
            self.reporter.show(head, shown, done / max(1, total), self.pool.number(worker))
        elif kind == "full":
            raise NoRoom(reply["why"])
        elif kind == "done":
            self._done(worker, request, reply)
        elif kind == "failed":
            self._failed(worker, request, reply)

    def _done(self, worker: Worker, request: Request, reply: Reply) -> None:
        key = request.key
        if not self.store.has(key):
            self._lost(worker, request, "the worker said that it was done, and left no artefact")
            return
        head, words = self._words(worker, key)
        node, trial = self._queue.node(key), self._queue.trial(key)
        wall = self._ended(worker, request, reply, timing_name(node, trial))
        self.reporter.end(head, words, self.forecast.weight(node), wall, key)
        self._queue.made(key)

    def _failed(self, worker: Worker, request: Request, reply: Reply) -> None:
        key, (head, words) = request.key, self._words(worker, request.key)
        _log.error("%s: %s failed\n%s", head, words, reply["traceback"])
        self._ended(worker, request, reply, FAILED)
        self._attempts[key] += 1
        if reply["damaged"] and self._attempts[key] < ATTEMPTS:
            self.reporter.retried(key, head, words, "its input is damaged, and is made again")
            self._queue.again(key, reply["damaged"])
        else:
            self.reporter.events.end("failed", key, f"{head}: {words}", why=reply["why"])
            self._queue.failed(key, Failure(reply["status"], reply["why"], worker.provenance))

    def _ended(self, worker: Worker, request: Request, reply: Reply, name: str) -> float:
        """Record a phase that a worker has ended, well or not; return its seconds."""
        worker.request = None
        self.reporter.idle(self.pool.number(worker))
        self.pool.drop_empty(request)
        wall = monotonic() - self._begun.pop(request.key)
        _record(self.recorder, name, wall, self.store, reply)
        if changed := _changed(reply):
            _log.warning("%s: %s %s", *self._words(worker, request.key), changed)
            self.reporter.say(f"{': '.join(self._words(worker, request.key))} {changed}")
        if reply["spent"]:  # out of memory, or not as it was before
            self.pool.remove(worker)
        return wall

    def _patience(self, request: Request) -> float:
        expected = self.forecast.seconds(self._queue.node(request.key)) or 0.0
        return max(self.step_timeout, 5 * expected)

    def _timed_out(self, worker: Worker, request: Request) -> None:
        worker.stop()
        # No second worker for it: a loop without end would take as long again.
        self._attempts[request.key] = ATTEMPTS
        self._lost(worker, request, f"timed out: no step for {self._patience(request):g} s")

    def _died(self, worker: Worker, why: str) -> None:
        if worker.is_stillborn:
            self._never_started(worker, why)
        elif worker.request is not None:
            self._lost(worker, worker.request, why)
        else:
            self.pool.remove(worker)

    def _never_started(self, worker: Worker, why: str) -> None:
        self._stillborn += 1
        if self._stillborn >= STILLBORN:
            raise ReidbenchError(f"workers do not start: {why}; {worker.printed}")
        if (request := worker.request) is not None:
            self._begun.pop(request.key)
            self.reporter.idle(self.pool.number(worker))
            self._queue.again(request.key)
        self.pool.remove(worker)

    def _lost(self, worker: Worker, request: Request, why: str) -> None:
        """Replace a worker that was lost with its node, which is tried once more."""
        key = request.key
        head, words = self._words(worker, key)
        self.recorder.record(FAILED, monotonic() - self._begun.pop(key), {"seconds": {}})
        self.reporter.idle(self.pool.number(worker))
        self.pool.remove(worker)
        self._attempts[key] += 1
        _log.error("%s: %s: %s; %s", head, words, why, request.log)
        if self._attempts[key] < ATTEMPTS:
            self.reporter.retried(key, head, words, f"{why}; another worker tries again")
            self._queue.again(key)
            return
        self.reporter.events.end("failed", key, f"{head}: {words}", why=why)
        twice = ", and so did the one before" if self._attempts[key] == ATTEMPTS else ""
        self._queue.failed(key, _loss(worker, f"{words} ({key}): {why}{twice}"))


def _record(recorder: TimingsRecorder, name: str, wall: float, store: Store, reply: Reply) -> None:
    """Record what a phase took, by its notes in the store if it was made."""
    recorder.note_memory(reply["peak_memory"], reply["peak_gpu_memory"])
    meta = {"seconds": {}} if name == FAILED else store.meta(reply["key"])
    recorder.record_with_images(name, wall, meta, reply["decoding"])


def _changed(reply: Reply) -> str:
    """Return what a phase has changed for its whole process, for people; empty if nothing."""
    if not reply["changed"]:
        return ""
    what = ", ".join(reply["changed"])
    return f"changed {what} for its whole process, and a new worker replaces it"


def _loss(worker: Worker, why: str) -> Failure:
    """Return the failure of what a worker was lost with, and its last words."""
    output = f"; its output ends: {last}" if (last := worker.printed) else ""
    return Failure("failed", why + output, worker.provenance)
