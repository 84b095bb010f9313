"""Where phases run, by the name of the executor: in this process, beside it, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from reidbench.engine.device import Device, cards, choose_device, prepare_device
from reidbench.run.executor import Executor
from reidbench.run.failure_notes import FailureNotes
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.pooled import PooledExecutor
from reidbench.run.serial import SerialExecutor
from reidbench.run.workers.messages import PlanRef, Setup
from reidbench.run.workers.pool import Events, WorkerPool
from reidbench.run.workers.process import WorkerProcess
from reidbench.store.provenance import collect
from reidbench.text import counted


@dataclass(frozen=True)
class Backend:
    """What runs the phases of a run.

    Attributes:
        executor: returns the executor for the rest of what it needs, by keyword.
        provenance: what the store notes with each artefact.
        where: the device, and how many phases at a time, for people.
        workers: phases at a time; 0 in this process.

    """

    executor: Callable[..., Executor]
    provenance: Mapping[str, Any]
    where: str
    workers: int = 0


@contextmanager
def _serial(planned: PlannedSuite) -> Iterator[Backend]:
    device = prepare_device(planned.options.device, planned.options.threads)
    yield Backend(partial(SerialExecutor, device=device), _provenance(device), str(device))


@contextmanager
def _local(planned: PlannedSuite) -> Iterator[Backend]:
    options, workers = planned.options, planned.options.workers
    # Not set up: only a process that computes on a GPU holds it.
    device, dealt = choose_device(options.device), cards(options.device)
    setup = Setup(
        parent=os.getpid(),
        plan=PlanRef.of(planned),
        store=str(options.store_folder.absolute()),
        device="cuda" if dealt else options.device,
        threads=options.threads_each,
        provenance=_provenance(device),
    )

    def hire(place: int, events: Events) -> WorkerProcess:
        return WorkerProcess(setup, dealt[place % len(dealt)] if dealt else None, events)

    pool = WorkerPool(setup, planned.folder.logs, count=lambda: workers, hire=hire)
    by = f", {counted(workers, 'worker')}" if workers > 1 else ""
    with closing(pool):
        pool.start()
        yield _pooled(planned, pool, f"{device}{by}")


@contextmanager
def _ray(planned: PlannedSuite) -> Iterator[Backend]:
    from reidbench.run.ray.tasks import ray_tasks

    with ray_tasks(planned, collect()) as (pool, where):
        yield _pooled(planned, pool, where)


def _pooled(planned: PlannedSuite, pool: WorkerPool, where: str) -> Backend:
    executor = partial(
        PooledExecutor,
        pool=pool,
        notes=FailureNotes(planned.folder.failures),
        step_timeout=planned.options.step_timeout,
    )
    return Backend(executor, pool.setup.provenance, where, pool.size)


def _provenance(device: Device) -> dict[str, Any]:
    return collect() | {"device": str(device)}


BACKENDS: Mapping[str, Callable[[PlannedSuite], AbstractContextManager[Backend]]] = {
    "serial": _serial,
    "local": _local,
    "ray": _ray,
}
"""By the name of the executor; workers start at once, while the plan is checked."""
