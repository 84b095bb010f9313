"""What runs on the nodes of a cluster: the check of a node, and a worker process for one phase."""

from __future__ import annotations

import json
import os
import queue
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

from reidbench.run.ray.fitness import Demands, shortcomings
from reidbench.run.workers.interface import Event
from reidbench.run.workers.messages import Reply, Request, Setup
from reidbench.run.workers.process import WorkerProcess

TICK, STEP = 0.5, 1.0
"""Seconds between two looks at the process, and at least between two steps that are sent."""
GRACE = 5.0
"""Seconds for a process to end when its task is cancelled."""
FINAL = ("done", "failed", "full", "unfit", "ended")
"""Replies after which a task has ended."""


def make(setup: str, request: str, demands: str) -> Iterator[str]:
    """Make one node of a plan in a process of its own; yield its replies, as lines of JSON.

    The arguments are lines of JSON too, so that nothing of ours is pickled. The process, and all it
    has started, is gone when the iteration ends, however it ends.
    """
    if (late := _late(demands)) is not None:
        yield json.dumps({"reply": "unfit", "why": late})
        return
    told, asked = replace(Setup.of(setup), parent=os.getpid()), Request.of(request)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    process = WorkerProcess(told, None, events)
    try:
        for reply in _replies(process, asked, events):
            if reply["reply"] in FINAL:
                process.kill()  # before the driver knows, which may end the cluster
            yield json.dumps(reply)
    finally:
        process.stop(GRACE)  # cancelled: the stacks in its log show where it was


def _late(demands: str) -> str | None:
    """Return what is wrong with this node if it has joined since the run began."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    if node in Demands.of(demands).nodes:
        return None
    if not (wrong := shortcomings(demands)):
        return None
    return f"a node that has joined the Ray cluster {'; '.join(wrong)}"


def _replies(
    process: WorkerProcess, request: Request, events: queue.SimpleQueue[Event]
) -> Iterator[Reply]:
    """Hand the request over once the process is ready; yield its replies up to the last one."""
    stepped = 0.0
    while True:
        try:
            reply = events.get(timeout=TICK).reply
        except queue.Empty:
            # Its line may be kept open by a process that it has left behind.
            if process.has_ended() or process.is_late():
                yield _ended(process)
                return
            continue
        if reply is None:
            yield _ended(process)
            return
        kind = reply["reply"]
        if kind == "heartbeat" or (kind == "step" and monotonic() - stepped < STEP):
            continue
        yield reply
        if kind == "step":
            stepped = monotonic()
        elif kind == "ready":
            if reply["plan"] != request.plan:  # the driver says so
                return
            process.is_ready = True
            process.ask(request)
        elif kind in FINAL:
            return


def _ended(process: WorkerProcess) -> Reply:
    """Return how a process ended that has not finished its phase."""
    late = not process.has_ended() and process.is_late()
    why = "it takes too long" if late else process.death()
    return {"reply": "ended", "why": why, "ready": process.is_ready, "printed": process.printed}
