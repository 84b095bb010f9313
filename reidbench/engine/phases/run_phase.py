"""Runs a node of the plan by the function of its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.evaluate import run_evaluate
from reidbench.engine.phases.prune import run_prune
from reidbench.engine.phases.train import run_load, run_train
from reidbench.plan import EvaluateNode, LoadNode, Node, PruneNode, TrainNode

_RUN: Mapping[type[Node], Callable[[Any, PhaseContext], None]] = {
    LoadNode: run_load,
    TrainNode: run_train,
    PruneNode: run_prune,
    EvaluateNode: run_evaluate,
}


def run_phase(node: Node, context: PhaseContext) -> None:
    """Run a node and leave what it made in the store, under the node's key.

    Raises:
        TypeError: no function runs nodes of this type.
    """
    run = _RUN.get(type(node))
    if run is None:
        known = ", ".join(kind.__name__ for kind in _RUN)
        raise TypeError(f"no phase runs a {type(node).__name__}; expected one of {known}")
    run(node, context)
