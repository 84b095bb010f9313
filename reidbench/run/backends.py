"""Where phases run, by the name of the executor: in this process, beside it, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from reidbench.plan import Plan, Trial
from reidbench.run.executor import Executor
from reidbench.run.failure_notes import FailureNotes
from reidbench.run.findings import Finding
from reidbench.run.gpus import choose, is_torchs_choice
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.pooled import PooledExecutor
from reidbench.run.preflight import Examine
from reidbench.run.workers.examiner import Examiner, examiner
from reidbench.run.workers.interface import Events
from reidbench.run.workers.messages import PlanRef, Setup
from reidbench.run.workers.pool import WorkerPool
from reidbench.run.workers.process import WorkerProcess
from reidbench.store import Store
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
        examine: has a worker process examine the plan's components; None where this process does.
        examined_on: returns what that worker has computed on, once it has; nothing of this process.
        peak_gpu_memory: returns the most bytes that this process has held on a GPU.

    """

    executor: Callable[..., Executor]
    provenance: Mapping[str, Any]
    where: str
    workers: int = 0
    examine: Examine | None = None
    examined_on: Callable[[], Mapping[str, Any]] = dict
    peak_gpu_memory: Callable[[], int] = int


@contextmanager
def _serial(planned: PlannedSuite) -> Iterator[Backend]:
    # Here, so that the driver of workers does without torch.
    from reidbench.engine.device import peak_gpu_memory, prepare_device
    from reidbench.run.serial import SerialExecutor

    device = prepare_device(planned.options.device, planned.options.threads)
    yield Backend(
        partial(SerialExecutor, device=device),
        _provenance(str(device)),
        str(device),
        peak_gpu_memory=peak_gpu_memory,
    )


@contextmanager
def _local(planned: PlannedSuite) -> Iterator[Backend]:
    options, workers = planned.options, planned.options.workers
    with ExitStack() as stack:
        # Where torch tells the GPUs, another worker begins meanwhile: the first waits for its card.
        apart = stack.enter_context(examiner(planned)) if is_torchs_choice(options.device) else None
        device, dealt = choose(options.device)
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
        stack.enter_context(closing(pool))
        first = apart or Examiner(setup, partial(hire, 0), options.patience, options.say)
        stack.enter_context(closing(first))
        pool.start(first=0 if apart else 1)
        by = f", {counted(workers, 'worker')}" if workers > 1 else ""
        yield _pooled(planned, pool, f"{device}{by}", first, adopts=apart is None)


@contextmanager
def _ray(planned: PlannedSuite) -> Iterator[Backend]:
    from reidbench.run.ray.tasks import ray_tasks

    with examiner(planned) as first, ray_tasks(planned, collect()) as (pool, where):
        yield _pooled(planned, pool, where, first, adopts=False)


def _examine(first: Examiner, pool: WorkerPool | None) -> Examine:
    """Return what examines a plan, and then hands its worker to a pool, or else ends it."""

    def examine(plan: Plan, trials: Sequence[Trial], store: Store | None) -> list[Finding]:
        found = first(plan, trials, store)
        if pool is not None and (worker := first.release()) is not None:
            pool.adopt(worker)
        first.close()
        return found

    return examine


def _pooled(
    planned: PlannedSuite, pool: WorkerPool, where: str, first: Examiner, *, adopts: bool
) -> Backend:
    """Return the backend of a pool; ``adopts``: the worker of the examiner goes on in it."""
    executor = partial(
        PooledExecutor,
        pool=pool,
        notes=FailureNotes(planned.folder.failures),
        step_timeout=planned.options.step_timeout,
    )
    return Backend(
        executor,
        pool.setup.provenance,
        where,
        pool.size,
        _examine(first, pool if adopts else None),
        lambda: first.provenance,
    )


def _provenance(device: str) -> dict[str, Any]:
    return collect() | {"device": device}


BACKENDS: Mapping[str, Callable[[PlannedSuite], AbstractContextManager[Backend]]] = {
    "serial": _serial,
    "local": _local,
    "ray": _ray,
}
"""By the name of the executor; workers start at once, and one examines the plan."""
