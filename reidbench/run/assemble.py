"""Assembles a trial's result from what its phases left in the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reidbench.plan import (
    ENGINE,
    Configured,
    ConfiguredData,
    EvaluateNode,
    LoadNode,
    NotApplicable,
    PhaseNode,
    Plan,
    PruneNode,
    Trial,
    stand_for,
)
from reidbench.results import (
    ComponentId,
    Cost,
    Metrics,
    PerQuery,
    PhaseReport,
    Result,
    Schedule,
    Scores,
    Width,
)
from reidbench.run.executor import Failure
from reidbench.store import Store
from reidbench.text import writable


def is_finished(trial: Trial, store: Store) -> bool:
    """Return whether every node of a trial is in the store."""
    return all(store.has(node.key) for node in trial.nodes)


def finished_result(plan: Plan, trial: Trial, store: Store) -> Result:
    """Return the result of a trial whose every node is in the store.

    Its provenance is that of the run which measured the final network.
    """
    cut = store.meta(trial.prune.key)
    final = store.meta(trial.final.key)
    return Result(
        **_common(plan, trial),
        provenance=final.get("provenance", {}),
        status="done",
        cost=Cost.model_validate(cut["cost"]),
        widths={name: Width.model_validate(width) for name, width in cut["widths"].items()},
        scores=Scores(
            base=_metrics(trial.base, store),
            before_retraining=_metrics(trial.pruned, store),
            final=Metrics.model_validate(final["metrics"]),
        ),
        per_query=PerQuery.model_validate(final["per_query"]),
        phases=[_report(node, store) for node in trial.phases],
    )


def failed_result(plan: Plan, trial: Trial, store: Store, failure: Failure) -> Result:
    """Return the result of a trial that ended early, with the phases it finished."""
    return Result(
        **_common(plan, trial),
        provenance={**store.provenance, **failure.provenance},
        status=failure.status,
        error=writable(failure.why),
        phases=[_report(node, store) for node in trial.phases if store.has(node.key)],
    )


def inapplicable_result(plan: Plan, trial: Trial, why: str) -> Result:
    """Return the result of a trial whose network has nothing to prune: a row that says why."""
    return Result(
        **_identity(plan, trial, _parts(trial), trial.phases[0]),
        status="not applicable",
        error=why,
    )


def left_out_result(plan: Plan, left_out: NotApplicable) -> Result:
    """Return the result of a point of the grid that its scenario rules out."""
    return Result(
        **_identity(plan, left_out, left_out.components, left_out.first),
        status="not applicable",
        error=left_out.why,
    )


def _common(plan: Plan, trial: Trial) -> dict[str, Any]:
    identity = _identity(plan, trial, _parts(trial), trial.phases[0])
    return {**identity, "schedule": _schedule(trial)}


def _parts(trial: Trial) -> dict[str, Configured]:
    return {"method": trial.method, "backbone": trial.final.network.backbone, **trial.data}


def _identity(
    plan: Plan,
    trial: Trial | NotApplicable,
    components: Mapping[str, Configured],
    first: PhaseNode,
) -> dict[str, Any]:
    data = [part for part in components.values() if isinstance(part, ConfiguredData)]
    identities = {part: chosen.identity() for part, chosen in components.items()}
    if isinstance(first, LoadNode):
        identities["source"] = _loaded(identities["source"], first)
    return {
        "key": trial.key,
        "suite": plan.suite.name,
        "trial": trial.id,
        "drawn": any(chosen.drawn for chosen in data),
        "protocol": plan.protocol.identity(),
        "engine": ENGINE,
        "components": identities,
        "tolerance": plan.protocol.pruning.tolerance,
    }


def _loaded(source: ComponentId, first: LoadNode) -> ComponentId:
    """Return what the network began with, in place of the images it was not trained on."""
    changed: dict[str, Any] = {"content": first.content}
    if isinstance(first.weights, Path):
        # Nobody knows what they were trained on: the data set's name would be a guess.
        changed |= {"name": first.weights.name, "version": "-", "distribution": "a file"}
    elif not stand_for(first.weights, source.name):
        owner = first.backbone.component.owner.distribution
        changed |= {"name": first.weights, "version": "-", "distribution": owner}
    return source.model_copy(update=changed)


def _schedule(trial: Trial) -> Schedule:
    record = trial.method.record
    first = next(i for i, node in enumerate(trial.phases) if isinstance(node, PruneNode))
    epochs = sum(node.epochs for node in trial.phases[first:])
    return Schedule(
        epochs=epochs,
        authors_epochs=record.authors_epochs,
        authors_schedule=record.authors_schedule,
        rescaled=record.authors_epochs is not None and record.authors_epochs > epochs,
    )


def _metrics(node: EvaluateNode | None, store: Store) -> Metrics | None:
    return Metrics.model_validate(store.meta(node.key)["metrics"]) if node else None


def _report(node: PhaseNode, store: Store) -> PhaseReport:
    meta = store.meta(node.key)
    return PhaseReport(
        kind=meta["kind"],
        on=meta["on"],
        key=node.key,
        epochs=meta["epochs"],
        steps=meta["steps"],
        seconds=meta["seconds"],
    )
