"""Opens a Ray cluster for a run: what a phase asks for, whether the nodes are fit, and the pool."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from reidbench.errors import ReidbenchError, named_line
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.ray.cluster import Node, Places, Share, alive, connected
from reidbench.run.ray.fitness import Demands, demands, shortcomings
from reidbench.run.ray.worker import RayWorker
from reidbench.run.room import refuse_unwritable
from reidbench.run.workers.messages import PlanRef, Setup
from reidbench.run.workers.pool import WorkerPool
from reidbench.text import counted

ANSWER = 120.0
"""Seconds in which a node must say what it has and sees."""


@contextmanager
def ray_tasks(
    planned: PlannedSuite, provenance: Mapping[str, Any]
) -> Iterator[tuple[WorkerPool, str]]:
    """Provide a pool whose workers are tasks of a Ray cluster, and say how large it is.

    Raises:
        ReidbenchError: no Ray, no cluster, no node on which a phase could run, or nodes that have
            other versions or do not see the run's folders.

    """
    options = planned.options
    with connected(options.address or "auto"):
        nodes = alive()
        share = Share.of(options, nodes)
        used = [node for node in nodes if share.on(node)]
        setup = Setup(
            parent=os.getpid(),
            plan=PlanRef.of(planned),
            store=str(options.store_folder.absolute()),
            device="cuda" if share.gpus else "cpu",
            threads=share.threads,
            provenance={**provenance, "device": "cuda" if share.gpus else "cpu"},
        )
        refuse_unwritable(options.store_folder)
        with demands(planned) as asked:
            _refuse_unfit(used, asked)
            line = replace(asked, nodes=[node.id for node in used]).line()
            pool = WorkerPool(
                setup,
                planned.folder.logs,
                count=Places(share, options.workers),
                hire=lambda _, events: RayWorker(setup, line, share, events),
            )
            with closing(pool):
                pool.start()
                phases, threads = counted(pool.size, "phase"), counted(share.threads, "thread")
                on = f"{setup.device} of {counted(len(used), 'Ray node')}"
                yield pool, f"{on}, {phases} of {threads} at a time"


def _refuse_unfit(nodes: list[Node], asked: Demands) -> None:
    """Ask every node for what is wrong with it.

    Raises:
        ReidbenchError: something is, on some.

    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    look = ray.remote(num_cpus=0, max_retries=0)(shortcomings)
    answers = [
        look.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)
        ).remote(asked.line())
        for node in nodes
    ]
    problems = []
    for node, answer in zip(nodes, answers, strict=True):
        try:
            wrong = ray.get(answer, timeout=ANSWER)
        # A node that cannot import reidbench fails here, in ways that depend on Ray's version.
        except Exception as error:
            wrong = [f"cannot run reidbench ({named_line(error)[-200:]})"]
        problems += [f"{node.name} {', '.join(wrong)}"] if wrong else []
    if problems:
        raise ReidbenchError(
            f"nodes of the Ray cluster are not fit for this run: {'; '.join(problems)}. Every node "
            "needs the driver's versions in Ray's environment, and the same folders"
        )
