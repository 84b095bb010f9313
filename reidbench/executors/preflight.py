"""Checks a plan before any training: everything imports, and every reduction is in reach."""

from __future__ import annotations

import json
from typing import Any

from reidbench.channels import capture, highest_reduction
from reidbench.errors import ReidbenchError
from reidbench.plan import Chosen, Plan, Trial


class PreflightError(ReidbenchError):
    """A plan that could not be carried out to its end."""


def preflight(plan: Plan, trials: tuple[Trial, ...]) -> None:
    """Refuse a plan whose components do not load or whose reductions cannot be reached.

    Raises:
        PreflightError: a reduction beyond what the protocol's scope allows for a backbone.
        TargetError, OptionError, DataError: a component that cannot be made.

    """
    parts = {
        json.dumps(part.document(), sort_keys=True): part
        for trial in trials
        for part in (trial.method, *(phase.data for phase in trial.phases))
    }
    for part in parts.values():
        _make(part)
    backbones = {trial.id.backbone: trial.final.network.backbone for trial in trials}
    for label, backbone in backbones.items():
        asked = max(trial.id.reduction for trial in trials if trial.id.backbone == label)
        _within_reach(plan, backbone, asked)


def _make(part: Chosen) -> Any:
    try:
        return part.build()
    except ReidbenchError:
        raise
    except Exception as error:
        owner = part.component.owner
        raise PreflightError(
            f"'{part.label}' of plugin {owner} cannot be made "
            f"({type(error).__name__}: {' '.join(str(error).split())}); mend or leave it out"
        ) from error


def _within_reach(plan: Plan, backbone: Chosen, asked: float) -> None:
    rules = plan.protocol.pruning
    graph = capture(_make(backbone), plan.protocol.input.size)
    reachable = highest_reduction(graph, rules.scope, rules.min_keep)
    if asked > reachable:
        raise PreflightError(
            f"suite '{plan.suite.name}': reduction {asked:g} is out of reach for {backbone.label}: "
            f"scope '{rules.scope}' of protocol {plan.protocol.name} can remove at most "
            f"{reachable:.1%} of its MACs; ask for less, or use a protocol with a wider scope"
        )
