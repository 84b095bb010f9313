"""Names of phases and trials, as progress and timings show them."""

from __future__ import annotations

from reidbench.plan import EvaluateNode, Node, PruneNode, Trial
from reidbench.results import Result

FAILED = "failed"
"""The name under which the time of failed and diverged phases is recorded."""


def title(node: Node, trial: Trial) -> str:
    """Return a short description of a node of a trial, for people."""
    return f"{trial.word(node)} on {node.data.label}"


def timing_name(node: Node, trial: Trial) -> str:
    """Return the name that a node's time is recorded under: a prune phase has its method's."""
    if isinstance(node, PruneNode):
        return trial.method.label
    return "measure" if isinstance(node, EvaluateNode) else str(node.kind)


def result_line(index: int, total: int, result: Result) -> str:
    """Return what became of a trial, in one line."""
    head = f"[{index}/{total}] {result.trial}: {result.status}"
    if result.scores is None or result.cost is None:
        return f"{head}: {result.error}"
    final = result.scores.final
    fewer = f"  -{result.cost.reduction:.2%} MACs" if result.cost.reduction else ""
    return f"{head}  mAP {final.mAP:.1%}  rank-1 {final.rank1:.1%}{fewer}"
