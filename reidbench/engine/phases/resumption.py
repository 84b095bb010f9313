"""Lets a phase go on from its last checkpoint, where that can be done to the last bit."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

import reidbench
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training.checkpoints import Checkpoints
from reidbench.engine.training.snapshot import Snapshot, SnapshotError
from reidbench.errors import ComponentError, Diverged
from reidbench.plan import ENGINE, PhaseNode
from reidbench.store.checkpoints import drop_checkpoint, keep_checkpoint, kept_checkpoint
from reidbench.store.curve import Curve

_log = logging.getLogger(__name__)


@contextmanager
def resumable(
    node: PhaseNode, context: PhaseContext, stopwatch: Stopwatch, curve: Curve
) -> Iterator[Checkpoints]:
    """Provide a phase's checkpoints; they go once the block is done, or can only fail again."""
    store, made_by = context.store, _made_by(context)
    found = _found(node, context, made_by)
    if found is not None:
        stopwatch.go_on(found.notes["stopwatch"])
        curve.go_on(found.notes["curve"])

    def keep(snapshot: Snapshot) -> None:
        timed = {"stopwatch": stopwatch.notes(), "curve": curve.notes()}
        snapshot.notes |= {"made_by": made_by, **timed}
        keep_checkpoint(store, node.key, snapshot.encoded())

    try:
        yield Checkpoints(found, keep, context.pace, f"{node.kind} {node.key}")
    except (Diverged, ComponentError, SnapshotError):
        drop_checkpoint(store, node.key)
        raise
    drop_checkpoint(store, node.key)


def _found(node: PhaseNode, context: PhaseContext, made_by: dict[str, Any]) -> Snapshot | None:
    """Return the last checkpoint; None if there is none, or it would lead to other numbers."""
    data = kept_checkpoint(context.store, node.key)
    if data is None:
        return None
    try:
        snapshot = Snapshot.decoded(data)
        if snapshot.notes["made_by"] != made_by:
            raise SnapshotError(f"it was made by {snapshot.notes['made_by']}, this is {made_by}")
    except SnapshotError as error:
        _log.warning("%s %s begins anew, not from its checkpoint: %s", node.kind, node.key, error)
        drop_checkpoint(context.store, node.key)
        return None
    _log.info("%s %s goes on after step %d", node.kind, node.key, snapshot.notes["done"])
    return snapshot


def _made_by(context: PhaseContext) -> dict[str, Any]:
    """Return what numbers depend on beside the key: a phase is of one piece in it."""
    on_cpu = context.device.type == "cpu"
    return {
        "format": 2,
        "engine": ENGINE,
        "reidbench": reidbench.__version__,
        "torch": torch.__version__,
        "device": context.device.type,
        "threads": torch.get_num_threads() if on_cpu else None,
    }
