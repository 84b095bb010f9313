"""Has worker processes examine the components of a plan: one that ends its process is a finding."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from reidbench.errors import ReidbenchError
from reidbench.plan import Plan, PreflightError, Trial
from reidbench.run.findings import Finding
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.workers.deaths import lost_at
from reidbench.run.workers.examination_progress import Losses, Present, Progress
from reidbench.run.workers.interface import STILLBORN, Events, note_ready
from reidbench.run.workers.messages import Examination, PlanRef, Reply, Setup
from reidbench.run.workers.process import WorkerProcess
from reidbench.store import Store

TICK, GRACE, SAID = 0.5, 1.0, 30.0
"""Seconds between two looks at the worker, for it to end, and of a step before it is named."""
TRIES = 2
"""Workers that a step may cost that were killed, which a user or a full machine may have done."""


@dataclass
class Examiner:
    """One worker process at a time, which is started at once; the last one may be kept.

    Attributes:
        setup: what each is told at its start.
        hire: starts one whose replies go to the queue.
        patience: seconds that a step may take.
        say: reports a line to people.

    """

    setup: Setup
    hire: Callable[[Events], WorkerProcess]
    patience: float
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self._progress, self._present, self._losses = Progress(), Present(), Losses()
        self._events: Events = queue.SimpleQueue()
        self._worker: WorkerProcess | None = self.hire(self._events)

    def __call__(
        self, plan: Plan, trials: Sequence[Trial], store: Store | None = None
    ) -> list[Finding]:
        """Return all that is wrong with the components of trials, of the plan of ``setup``; once.

        Raises:
            ReidbenchError: workers do not start, or make another plan.

        """
        keys = tuple(trial.key for trial in trials)
        self._progress = replace(self._progress, asked=Examination(keys))
        while not self._progress.is_over:
            if self._worker is None:
                self._worker = self.hire(self._events)
            self._listen(self._worker)
        return list(self._progress.found)

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What the examination was made on, once it has begun."""
        return self._progress.provenance

    def release(self) -> WorkerProcess | None:
        """Return the worker, for phases; None if it should make none, or has ended."""
        worker, self._worker = self._worker, None
        return worker

    def close(self) -> None:
        """Kill the worker, unless it was released."""
        if (worker := self.release()) is not None:
            worker.kill()

    def _listen(self, worker: WorkerProcess) -> None:
        try:
            event = self._events.get(timeout=TICK)
        except queue.Empty:
            self._look_after(worker)
            return
        if event.worker is worker:
            if event.reply is None:
                self._died(worker)
            else:
                self._hear(worker, event.reply)
                self._look_after(worker, ended=False)

    def _look_after(self, worker: WorkerProcess, *, ended: bool = True) -> None:
        """Notice that a worker takes too long, or, where nothing more is heard, has ended."""
        if ended and worker.has_ended():
            # Its line may be kept open by a process that it has left behind.
            self._died(worker)
        elif worker.is_late():
            worker.stop(GRACE)
            self._never_started(worker, "it takes too long")
        elif worker.is_ready and worker.is_silent(self.patience):
            worker.stop(GRACE)
            if (step := self._present.step) is None:
                self._never_started(worker, "it takes too long")
            else:
                self._lost_at(worker, step, f"did not end within {self.patience:g} s", "")
        elif (step := self._present.step) and not self._present.is_said and worker.is_silent(SAID):
            self._present = replace(self._present, is_said=True)
            self.say(f"still examining {step['name']}")

    def _hear(self, worker: WorkerProcess, reply: Reply) -> None:
        kind = reply["reply"]
        if kind == "ready":
            note_ready(worker, reply, self.setup.plan)
            self._progress = replace(self._progress, provenance=worker.provenance)
            worker.examine(self._progress.asked)
        elif kind == "examining":
            self._present = Present(reply, is_spoiled=self._present.is_spoiled)
            self._losses, worker.stepped = replace(self._losses, stillborn=0), monotonic()
        elif kind == "found":
            if self._present.is_spoiled:
                self._replace(worker)
            else:
                self._progress = self._progress.with_found(Finding.of(reply))
        elif kind == "looked" and (step := self._present.step) is not None:
            worker.stepped = monotonic()
            self._looked(step["name"], reply["changed"])
        elif kind == "examined":
            self._progress = replace(self._progress, is_over=True)
            if self._present.is_spoiled:
                self._replace(worker)

    def _looked(self, name: str, changed: Sequence[str]) -> None:
        self._progress = self._progress.with_taken(name)
        self._present = Present(is_spoiled=self._present.is_spoiled or bool(changed))
        self._losses = replace(self._losses, killed=0)
        if changed:
            self.say(f"{name} changed {', '.join(changed)} for its whole process")

    def _died(self, worker: WorkerProcess) -> None:
        how = worker.death()
        if (step := self._present.step) is None:
            self._never_started(worker, how)
        elif worker.was_killed and self._losses.killed + 1 < TRIES:
            self._losses = replace(self._losses, killed=self._losses.killed + 1)
            self._replace(worker)
        else:
            self._lost_at(worker, step, "ended its process", f": {how}")

    def _lost_at(self, worker: WorkerProcess, step: Reply, what: str, how: str) -> None:
        """Note that a step has cost its worker, and let another go on behind it.

        Of a process that an earlier step has changed it is none's fault yet: it is taken again.
        """
        if not self._present.is_spoiled:
            said = lost_at(step["name"], step["doing"], what, how, worker.printed)
            finding = Finding(PreflightError(said), tuple(step["trials"]))
            self._progress = self._progress.with_lost(step["name"], finding)
            self._losses = replace(self._losses, killed=0)
        self._replace(worker)

    def _never_started(self, worker: WorkerProcess, how: str) -> None:
        self._losses = replace(self._losses, stillborn=self._losses.stillborn + 1)
        if self._losses.stillborn >= STILLBORN:
            raise ReidbenchError(f"workers do not start: {how}; {worker.printed}")
        self._replace(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        worker.kill()
        self._worker, self._present = None, Present()


@contextmanager
def examiner(planned: PlannedSuite) -> Iterator[Examiner]:
    """Provide an examiner whose workers, on this machine's CPU, end with the block."""
    options = planned.options
    setup = Setup(
        parent=os.getpid(),
        plan=PlanRef.of(planned),
        store=str(options.store_folder.absolute()),
        device="cpu",
        threads=options.threads,
        provenance={},
    )
    hire = lambda events: WorkerProcess(setup, None, events)  # noqa: E731
    with closing(Examiner(setup, hire, options.patience, options.say)) as found:
        yield found
