"""Runs a whole prune phase, and records what two equal runs must share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.training.seeds import isolated
from reidbench.testing.wrapping import Call, guard, wrap


@dataclass(frozen=True, eq=False)
class Trace:
    """The results of a prune phase.

    Attributes:
        scores: the scores of each group, in the order in which they were asked for.
        kept: the channels that stayed, by group.
        weights: the final network's parameters and buffers.
        achieved: the reduction of MACs.
        steps: optimiser steps of the phase.
        steps_left: those that were not spent.
        settings: what each call changed of torch's settings, as clauses.
    """

    scores: list[tuple[str, Tensor]]
    kept: dict[str, tuple[int, ...]]
    weights: dict[str, Tensor]
    achieved: float
    steps: int
    steps_left: int
    settings: list[str]

    def difference(self, other: Trace) -> str:
        """Return the first difference of another run, as a clause; empty if there is none."""
        for (name, mine), (theirs, values) in zip(self.scores, other.scores, strict=False):
            if name != theirs or not same(mine, values):
                return f"gave other scores for '{name}'"
        if len(self.scores) != len(other.scores):
            return f"asked for {len(self.scores)} rankings of groups, then for {len(other.scores)}"
        for name, channels in self.kept.items():
            if channels != other.kept[name]:
                return f"kept other channels of '{name}'"
        for name, tensor in self.weights.items():
            if not same(tensor, other.weights[name]):
                return f"left other weights in '{name}'"
        return ""


def run(phase: Pruning, *, state: int = 0) -> Trace:
    """Spend the phase by the record's own strategy; ``state`` seeds all global generators."""
    scores: list[tuple[str, Tensor]] = []

    def noting(name: str, call: Call, group: Any, task: Any) -> Any:
        values = call(group, task)
        if isinstance(values, Tensor):
            scores.append((group.name, values.detach().clone()))
        return values

    wrap(phase.method, ["scores"], noting)
    settings: list[str] = []
    guard(phase.method, settings)
    with isolated(state):
        phase.run()
    return Trace(
        scores,
        dict(phase.prunable.plan.kept),
        {name: tensor.clone() for name, tensor in phase.prunable.network.state_dict().items()},
        phase.achieved,
        phase.steps,
        phase.steps_left,
        settings,
    )


def same(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors are equal bit for bit, NaN included."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return one.cpu().numpy().tobytes() == other.cpu().numpy().tobytes()
