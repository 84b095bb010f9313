"""Runs the trials of a planned suite that are left: checks them, then hands them to an executor."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reidbench.engine.device import Device, peak_gpu_memory, prepare_device
from reidbench.files import room_for
from reidbench.plan import Trial
from reidbench.run.executor import Executor
from reidbench.run.forecast import forecast
from reidbench.run.forecast_text import forecast_text
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.preflight import preflight
from reidbench.run.progress import Reporter, console_on
from reidbench.run.serial import SerialExecutor
from reidbench.run.timings import RunTimings, TimingsRecorder
from reidbench.store import Store, StoreError
from reidbench.store.provenance import collect
from reidbench.text import counted


def execute(planned: PlannedSuite, trials: tuple[Trial, ...], started: float) -> RunTimings:
    """Run trials to their results; return the timings since ``started``, and leave them in a file.

    Raises:
        ReidbenchError: no such device, a plan that cannot be carried out, a store that cannot be
            written, or a full disk.

    """
    plan, folder, options = planned.plan, planned.folder, planned.options
    device = prepare_device(options.device, options.threads)
    preflight(plan, trials)
    _refuse_unwritable(options.store_folder)
    # Not before preflight: what a missing data set makes look superseded is not.
    folder.set_superseded_aside(plan)
    folder.results.mkdir(parents=True, exist_ok=True)
    folder.keep_suite(planned.suite.path)
    store = Store(options.store_folder, collect() | {"device": str(device)})
    recorder = TimingsRecorder(started)
    executor = _serial(planned, trials, store, device, recorder)
    with _logging_to(folder.log):
        executor.run(plan, trials)
    timings = recorder.timings(peak_gpu_memory())
    timings.write(folder.costs)
    return timings


def _serial(
    planned: PlannedSuite,
    trials: tuple[Trial, ...],
    store: Store,
    device: Device,
    recorder: TimingsRecorder,
) -> Executor:
    """Return the executor of this process, and report what it is about to do."""
    plan, folder, options = planned.plan, planned.folder, planned.options
    nodes = {node.key: node for trial in trials for node in trial.nodes}
    left = [node for key, node in nodes.items() if not store.has(key)]
    expected = forecast(plan, store)
    reporter = Reporter(console_on(options.progress), sum(map(expected.weight, left)))
    reporter.say(
        f"suite '{plan.suite.name}': {len(trials)} of {counted(len(plan.trials), 'trial')} to run "
        f"under {plan.protocol.name} on {device}; results in {folder.results}"
    )
    if text := forecast_text(expected, left, store.root):
        reporter.say(text)
    return SerialExecutor(
        store, planned.registry, folder.results, reporter, device, expected, recorder
    )


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
