"""What a scenario's phases mean for a method: merged, loaded, or cut at the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from reidbench.config.suite import Domain, PhaseSpec
from reidbench.plan.components import ConfiguredMethod

BudgetName: TypeAlias = Literal["train", "prune"]


@dataclass(frozen=True)
class Step:
    """One step of a trial, which becomes one phase node.

    Attributes:
        kind: whether it loads published weights, trains, or prunes and retrains.
        domain: where its images come from.
        budget: the epochs it spends, None for a step that does not train.
        share: the part of the trial's reduction that it reaches, in (0, 1].
        joined: whether it prunes during the train phase before it, whose budget it spends first.

    """

    kind: Literal["load", "train", "prune"]
    domain: Domain
    budget: BudgetName | None
    share: float = 1.0
    joined: bool = False


def steps_of(phases: Sequence[PhaseSpec], method: ConfiguredMethod, *, weights: bool) -> list[Step]:
    """Return the steps that a scenario's phases mean for a method.

    ``weights`` says whether published weights replace training on the source from the start.
    """
    if method.record.prunes == "initial":
        return _slim_from_start(phases)
    steps = [Step(phase.kind, phase.domain, phase.kind, phase.share) for phase in phases]
    if weights and phases[0].train == "source":
        steps[0] = Step("load", "source", budget=None)
    return _merged(steps, phases, method)


def _slim_from_start(phases: Sequence[PhaseSpec]) -> list[Step]:
    """Cut the untrained network, then only train: in prune phases too, so that budgets are equal.

    Published weights are of the dense network, so none are loaded.
    """
    cut = Step("prune", phases[0].domain, budget=None)
    return [cut, *(Step("train", phase.domain, phase.kind) for phase in phases)]


def _merged(
    steps: Sequence[Step], phases: Sequence[PhaseSpec], method: ConfiguredMethod
) -> list[Step]:
    """Merge each train step into the prune step behind it, for a method that prunes meanwhile."""
    merged: list[Step] = []
    for step, phase in zip(steps, phases, strict=True):
        joins = method.record.prunes == "trained" and method.strategy in phase.while_training
        if joins and merged[-1].kind == "train":
            merged[-1] = replace(step, joined=True)
        else:
            merged.append(step)
    return merged
