"""Has worker processes examine the components of a plan: one that ends its process is a finding."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import monotonic

from reidbench.errors import ReidbenchError
from reidbench.plan import Plan, PreflightError, Trial
from reidbench.run.findings import Finding
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.workers.interface import STILLBORN, Events
from reidbench.run.workers.messages import Examination, PlanRef, Reply, Setup
from reidbench.run.workers.process import WorkerProcess
from reidbench.store import Store

PATIENCE = 600.0
"""Seconds that a step may take at most: lists of a million images may lie on a slow disk."""
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
    _events: Events = field(default_factory=queue.SimpleQueue)
    _trials: tuple[str, ...] = ()
    _found: list[Finding] = field(default_factory=list)
    _skipped: list[str] = field(default_factory=list)
    _lost: list[str] = field(default_factory=list)
    _step: Reply | None = None
    """The step that is being taken."""
    _is_spoiled: bool = False
    """Whether a step has left something changed in the process, for which later ones may fail."""
    _tries: int = 0
    _stillborn: int = 0
    _is_over: bool = False
    _is_said: bool = False

    def __post_init__(self) -> None:
        self._worker: WorkerProcess | None = self.hire(self._events)

    def __call__(
        self, plan: Plan, trials: Sequence[Trial], store: Store | None = None
    ) -> list[Finding]:
        """Return all that is wrong with the components of trials, of the plan of ``setup``; once.

        Raises:
            ReidbenchError: workers do not start, or make another plan.

        """
        self._trials = tuple(trial.key for trial in trials)
        while not self._is_over:
            if self._worker is None:
                self._worker = self.hire(self._events)
            self._listen(self._worker)
        return self._found

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
            if self._step is None:
                self._never_started(worker, "it takes too long")
            else:
                self._lost_at(worker, self._step, f"did not end within {self.patience:g} s", "")
        elif self._step is not None and not self._is_said and worker.is_silent(SAID):
            self._is_said = True
            self.say(f"still examining {self._step['name']}")

    def _hear(self, worker: WorkerProcess, reply: Reply) -> None:
        kind = reply["reply"]
        if kind == "ready":
            self.setup.plan.refuse_another(reply)
            worker.is_ready = True
            worker.examine(Examination(self._trials, self._skipped, self._lost))
        elif kind == "examining":
            self._step, self._is_said, worker.stepped = reply, False, monotonic()
            self._stillborn = 0
        elif kind == "found":
            if self._is_spoiled:
                self._replace(worker)
            else:
                self._found.append(Finding.of(reply))
        elif kind == "looked" and self._step is not None:
            worker.stepped = monotonic()
            self._looked(self._step["name"], reply["changed"])
        elif kind == "examined":
            self._is_over = True
            if self._is_spoiled:
                self._replace(worker)

    def _looked(self, name: str, changed: Sequence[str]) -> None:
        self._skipped.append(name)
        self._step, self._tries = None, 0
        if changed:
            self._is_spoiled = True
            self.say(f"{name} changed {', '.join(changed)} for its whole process")

    def _died(self, worker: WorkerProcess) -> None:
        how = worker.death()
        if self._step is None:
            self._never_started(worker, how)
        elif worker.was_killed and self._tries + 1 < TRIES:
            self._tries += 1
            self._replace(worker)
        else:
            self._lost_at(worker, self._step, "ended its process", f": {how}")

    def _lost_at(self, worker: WorkerProcess, step: Reply, what: str, how: str) -> None:
        """Note that a step has cost its worker, and let another go on behind it.

        Of a process that an earlier step has changed it is none's fault yet: it is taken again.
        """
        if not self._is_spoiled:
            # The stack of a crash, or of where it was stopped.
            output = f"; its output ends: {last}" if (last := worker.printed) else ""
            said = f"{step['name']} {what} while {step['doing']}{how}; correct it or leave it out"
            self._found.append(Finding(PreflightError(said + output), tuple(step["trials"])))
            self._skipped.append(step["name"])
            self._lost.append(step["name"])
            self._tries = 0
        self._replace(worker)

    def _never_started(self, worker: WorkerProcess, how: str) -> None:
        self._stillborn += 1
        if self._stillborn >= STILLBORN:
            raise ReidbenchError(f"workers do not start: {how}; {worker.printed}")
        self._replace(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        worker.kill()
        self._worker, self._step, self._is_spoiled = None, None, False


def patience(planned: PlannedSuite) -> float:
    """Return the seconds that a step of the examination may take: no more than a phase's step."""
    return min(PATIENCE, planned.options.step_timeout)


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
    with closing(Examiner(setup, hire, patience(planned), options.say)) as found:
        yield found
