"""Runs the trials of a planned suite that are left: checks them, then hands them to an executor."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reidbench.plan import Node, Plan, Trial
from reidbench.results import write_result
from reidbench.run.assemble import failed_result, inapplicable_result
from reidbench.run.backends import BACKENDS, Backend
from reidbench.run.event_log import EventLog
from reidbench.run.executor import Executor, Failure
from reidbench.run.forecast import Forecast, forecast
from reidbench.run.forecast_text import forecast_text
from reidbench.run.observed import ObservedEvents
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.preflight import Verdict, preflight
from reidbench.run.progress import Reporter, console_on
from reidbench.run.room import refuse_unwritable
from reidbench.run.timings import RunTimings, TimingsRecorder
from reidbench.store import Store
from reidbench.store.cleanup import clear_dead
from reidbench.text import counted


def execute(planned: PlannedSuite, trials: tuple[Trial, ...], started: float) -> RunTimings:
    """Run trials to their results; return the timings since ``started``, and leave them in a file.

    Raises:
        ReidbenchError: no such device, a plan that cannot be carried out, a store that cannot be
            written, or a full disk.

    """
    plan, folder, options = planned.plan, planned.folder, planned.options
    recorder = TimingsRecorder(started)
    with BACKENDS[options.backend](planned) as backend:
        store = Store(options.store_folder, backend.provenance)
        verdict = preflight(plan, trials, store, backend.examine)
        refuse_unwritable(options.store_folder)
        # Not before preflight: what a missing data set makes look superseded is not.
        folder.set_superseded_aside(plan)
        folder.results.mkdir(parents=True, exist_ok=True)
        folder.keep_suite(planned.suite.path, plan.protocol)
        runnable = _runnable(planned, trials, verdict, store, backend)
        with _logging_to(folder.log), _clean(store):
            rest = Rest.of(plan, runnable, verdict.failing, store)
            executor, events = _executor(planned, rest, store, recorder, backend)
            with _noted(events, plan, rest, backend.workers):
                executor.run(plan, runnable)
        timings = recorder.timings(backend.peak_gpu_memory())
    timings.write(folder.costs)
    return timings


@dataclass(frozen=True)
class Rest:
    """What is left of a plan.

    Attributes:
        trials: to run.
        failed: why others have failed already, before the first step, by key.
        nodes: that the trials lack.
        made: number of the plan's nodes that are in the store.
        forecast: of what nodes take.

    """

    trials: tuple[Trial, ...]
    failed: Mapping[str, str]
    nodes: tuple[Node, ...]
    made: int
    forecast: Forecast

    @classmethod
    def of(
        cls, plan: Plan, trials: tuple[Trial, ...], failed: Mapping[str, str], store: Store
    ) -> Rest:
        """Return what trials still need, by one look at the store, which may be far away."""
        left = {key: node for key, node in plan.nodes.items() if not store.has(key)}
        needed = dict.fromkeys(node.key for trial in trials for node in trial.nodes)
        nodes = tuple(left[key] for key in needed if key in left)
        made = len(plan.nodes) - len(left)
        return cls(trials, failed, nodes, made, forecast(plan, store))

    @property
    def weight(self) -> float:
        """The weight of all nodes together."""
        return sum(map(self.forecast.weight, self.nodes))


def _runnable(
    planned: PlannedSuite,
    trials: tuple[Trial, ...],
    verdict: Verdict,
    store: Store,
    backend: Backend,
) -> tuple[Trial, ...]:
    """Write the rows of trials that cannot run or do not apply, and return the others."""
    plan = planned.plan
    for trial in trials:
        if why := verdict.failing.get(trial.key):
            planned.options.say(f"{trial.id}: failed: {why}")
            failure = Failure("failed", why, backend.examined_on())
            result = failed_result(plan, trial, store, failure)
        elif why := verdict.inapplicable.get(trial.key):
            planned.options.say(f"{trial.id}: not applicable: {why}")
            result = inapplicable_result(plan, trial, why)
        else:
            continue
        write_result(planned.folder.results, result)
        planned.registry.trial_finished(result)
    return tuple(trial for trial in trials if trial.key not in verdict.rows)


@contextmanager
def _clean(store: Store) -> Iterator[None]:
    """Clear away what killed processes were writing, before the block and after it."""
    clear_dead(store)
    try:
        yield
    finally:
        clear_dead(store)


def _executor(
    planned: PlannedSuite, rest: Rest, store: Store, recorder: TimingsRecorder, backend: Backend
) -> tuple[Executor, EventLog]:
    """Return the executor that the options ask for, and its events; report what it will do."""
    plan, folder, options = planned.plan, planned.folder, planned.options
    observers = planned.registry.observers
    events = EventLog(folder.events, ObservedEvents(observers, store))
    reporter = Reporter(console_on(options.progress), rest.weight, events)
    observers.say = reporter.say
    reporter.say(
        f"suite '{plan.suite.name}': {len(rest.trials)} of {counted(len(plan.trials), 'trial')} "
        f"to run under {plan.protocol.name} on {backend.where}; results in {folder.results}"
    )
    if text := forecast_text(rest.forecast, rest.nodes, store.root):
        reporter.say(text)
    executor = backend.executor(
        store=store,
        registry=planned.registry,
        results=folder.results,
        reporter=reporter,
        forecast=rest.forecast,
        recorder=recorder,
    )
    return executor, events


@contextmanager
def _noted(events: EventLog, plan: Plan, rest: Rest, workers: int) -> Iterator[None]:
    """Note in the event log that the run begins, of how much, what has failed, and its end."""
    events.write(
        "run started",
        suite=plan.suite.name,
        trials=len(plan.trials),
        trials_done=len(plan.trials) - len(rest.trials) - len(rest.failed),
        phases=len(plan.nodes),
        phases_done=rest.made,
        weight=rest.weight,
        workers=workers,
    )
    for trial in plan.trials:
        if why := rest.failed.get(trial.key):
            events.write("trial unfit", key=trial.key, label=str(trial.id), why=why)
    how = "stopped"
    try:
        yield
        how = "done"
    finally:
        events.write("run finished", how=how)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Append what the block logs to a file, and show it nowhere else."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("reidbench")
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
        logger.setLevel(level)
        logger.propagate = propagate
