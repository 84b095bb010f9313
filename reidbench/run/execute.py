"""Runs the trials of a planned suite that are left: checks them, then hands them to an executor."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from reidbench.engine.device import (
    Device,
    cards,
    choose_device,
    peak_gpu_memory,
    prepare_device,
)
from reidbench.files import room_for
from reidbench.plan import Trial
from reidbench.results import write_result
from reidbench.run.assemble import inapplicable_result
from reidbench.run.event_log import EventLog
from reidbench.run.executor import Executor
from reidbench.run.failure_notes import FailureNotes
from reidbench.run.forecast import forecast
from reidbench.run.forecast_text import forecast_text
from reidbench.run.local import LocalExecutor
from reidbench.run.observed import ObservedEvents
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.preflight import preflight
from reidbench.run.progress import Reporter, console_on
from reidbench.run.serial import SerialExecutor
from reidbench.run.timings import RunTimings, TimingsRecorder
from reidbench.run.workers.messages import PlanRef, Setup
from reidbench.run.workers.pool import WorkerPool
from reidbench.store import Store, StoreError
from reidbench.store.cleanup import clear_dead
from reidbench.store.provenance import collect
from reidbench.text import counted


def execute(planned: PlannedSuite, trials: tuple[Trial, ...], started: float) -> RunTimings:
    """Run trials to their results; return the timings since ``started``, and leave them in a file.

    Raises:
        ReidbenchError: no such device, a plan that cannot be carried out, a store that cannot be
            written, or a full disk.

    """
    plan, folder, options = planned.plan, planned.folder, planned.options
    device = _device(options)
    store = Store(options.store_folder, collect() | {"device": str(device)})
    recorder = TimingsRecorder(started)
    # Workers start while the plan is checked.
    with _pool(planned, store) as pool:
        inapplicable = preflight(plan, trials, store)
        _refuse_unwritable(options.store_folder)
        # Not before preflight: what a missing data set makes look superseded is not.
        folder.set_superseded_aside(plan)
        folder.results.mkdir(parents=True, exist_ok=True)
        folder.keep_suite(planned.suite.path, plan.protocol)
        trials = _applicable(planned, trials, inapplicable)
        with _logging_to(folder.log), _clean(store):
            executor, events = _executor(planned, trials, store, device, recorder, pool)
            with _noted(events, planned, trials, store):
                executor.run(plan, trials)
    timings = recorder.timings(peak_gpu_memory())
    timings.write(folder.costs)
    return timings


def _applicable(
    planned: PlannedSuite, trials: tuple[Trial, ...], inapplicable: Mapping[str, str]
) -> tuple[Trial, ...]:
    """Write the rows of trials that do not apply, and return the others."""
    for trial in trials:
        if why := inapplicable.get(trial.key):
            planned.options.say(f"{trial.id}: not applicable: {why}")
            write_result(planned.folder.results, inapplicable_result(planned.plan, trial, why))
    return tuple(trial for trial in trials if trial.key not in inapplicable)


def _device(options: RunOptions) -> Device:
    """Return the device; only a process that computes on it sets it up."""
    if options.workers:
        return choose_device(options.device)
    return prepare_device(options.device, options.threads)


@contextmanager
def _clean(store: Store) -> Iterator[None]:
    """Clear away what killed processes were writing, before the block and after it."""
    clear_dead(store)
    try:
        yield
    finally:
        clear_dead(store)


@contextmanager
def _pool(planned: PlannedSuite, store: Store) -> Iterator[WorkerPool | None]:
    """Provide workers, which are starting; None if every phase runs in this process."""
    options = planned.options
    if not options.workers:
        yield None
        return
    dealt = cards(options.device)
    setup = Setup(
        parent=os.getpid(),
        plan=PlanRef.of(planned),
        store=str(store.root.absolute()),
        device="cuda" if dealt else options.device,
        threads=options.threads_each,
        provenance=store.provenance,
    )
    pool = WorkerPool(options.workers, setup, dealt, planned.folder.logs)
    with closing(pool):
        pool.start()
        yield pool


def _executor(
    planned: PlannedSuite,
    trials: tuple[Trial, ...],
    store: Store,
    device: Device,
    recorder: TimingsRecorder,
    pool: WorkerPool | None,
) -> tuple[Executor, EventLog]:
    """Return the executor that the options ask for, and its events; report what it will do."""
    plan, folder, options = planned.plan, planned.folder, planned.options
    nodes = {node.key: node for trial in trials for node in trial.nodes}
    left = [node for key, node in nodes.items() if not store.has(key)]
    expected = forecast(plan, store)
    observers = planned.registry.observers
    events = EventLog(folder.events, ObservedEvents(observers, store))
    reporter = Reporter(console_on(options.progress), sum(map(expected.weight, left)), events)
    observers.say = reporter.say
    by = f", {counted(options.workers, 'worker')}" if options.workers > 1 else ""
    reporter.say(
        f"suite '{plan.suite.name}': {len(trials)} of {counted(len(plan.trials), 'trial')} to run "
        f"under {plan.protocol.name} on {device}{by}; results in {folder.results}"
    )
    if text := forecast_text(expected, left, store.root):
        reporter.say(text)
    if pool is None:
        serial = SerialExecutor(
            store, planned.registry, folder.results, reporter, device, expected, recorder
        )
        return serial, events
    local = LocalExecutor(
        *(store, planned.registry, folder.results, reporter, expected, recorder),
        pool=pool,
        notes=FailureNotes(folder.failures),
        step_timeout=options.step_timeout,
    )
    return local, events


@contextmanager
def _noted(
    events: EventLog, planned: PlannedSuite, trials: tuple[Trial, ...], store: Store
) -> Iterator[None]:
    """Note in the event log that the run begins, of how much, and how it ends."""
    plan = planned.plan
    left = {node.key: node for trial in trials for node in trial.nodes if not store.has(node.key)}
    expected = forecast(plan, store)
    events.write(
        "run started",
        suite=plan.suite.name,
        trials=len(plan.trials),
        trials_done=len(plan.trials) - len(trials),
        phases=len(plan.nodes),
        phases_done=len(plan.nodes) - len(left),
        weight=sum(map(expected.weight, left.values())),
        workers=planned.options.workers,
    )
    how = "stopped"
    try:
        yield
        how = "done"
    finally:
        events.write("run finished", how=how)


def _refuse_unwritable(store: Path) -> None:
    """Refuse a store that cannot be written, as every single trial would fail on it."""
    try:
        with room_for(store):
            store.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=store) as probe:
                probe.write(b"0")
    except OSError as error:
        raise StoreError(
            f"store {store} cannot be written ({error.strerror}); name another folder with --store"
        ) from error


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
