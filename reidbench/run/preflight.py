"""Checks a plan before any training: everything imports, and every reduction is in reach."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.config.protocol import BatchRules
from reidbench.engine.channels import ChannelGraph, capture, highest_reduction, solve
from reidbench.engine.pruning.contract import refuse_unsound
from reidbench.errors import ReidbenchError, named_line
from reidbench.plan import (
    Configured,
    ConfiguredData,
    Plan,
    PruneNode,
    Trial,
    data_read,
    distinct,
    refuse_missing,
)


class PreflightError(ReidbenchError):
    """A plan that could not be carried out to its end."""


def preflight(plan: Plan, trials: tuple[Trial, ...]) -> None:
    """Refuse a plan whose components do not load or whose reductions cannot be reached.

    Raises:
        MissingData: data sets that a user must bring are not there.
        PreflightError: a reduction that the protocol's scope does not allow for a backbone, or that
            its widths are too coarse to match.
        TargetError, OptionError, DataError: a component that cannot be made.
        MethodError: a method whose class and record disagree.

    """
    data = data_read(trials)
    refuse_missing(plan, data)
    for chosen in data:
        made = _make(chosen)
        _as_published(plan, chosen, made)
        if isinstance(made, ReIDData):
            _enough_people(plan, chosen.label, made)
    for method in distinct(trial.method for trial in trials):
        refuse_unsound(_make(method), method)
    backbones = {trial.id.backbone: trial.final.network.backbone for trial in trials}
    for label, backbone in backbones.items():
        asked = {
            phase.reduction
            for trial in trials
            for phase in trial.phases
            if isinstance(phase, PruneNode) and trial.id.backbone == label
        } | {0.0}
        graph = capture(_make(backbone), plan.protocol.input.size)
        _within_reach(plan, label, graph, max(asked))
        _fine_enough(plan, label, graph, asked)


def _as_published(plan: Plan, chosen: ConfiguredData, data: ReIDData | ClassificationData) -> None:
    """Refuse a copy of a data set that is not the published one, unless the suite accepts it."""
    if data.published is None or data.drawn or not chosen.complete:
        return
    found, published = asdict(data.counts), asdict(data.published)
    odd = [
        f"{name.replace('_', ' ')} {found[name]}, published {count}"
        for name, count in published.items()
        if count is not None and found[name] != count
    ]
    if odd:
        raise PreflightError(
            f"suite '{plan.suite.name}': {chosen.label} is not the published data set: "
            f"{'; '.join(odd)}; see 'reidbench data check {chosen.record.name}', or accept it "
            "with 'complete: false', which its rows then say"
        )


def _make(part: Configured) -> Any:
    try:
        return part.build()
    except (ReidbenchError, KeyboardInterrupt):
        raise
    # An import may raise anything, and end with sys.exit().
    except BaseException as error:
        owner = part.component.owner
        raise PreflightError(
            f"'{part.label}' of plugin {owner} cannot be made "
            f"({named_line(error)}); correct it or leave it out"
        ) from error


def _enough_people(plan: Plan, label: str, data: ReIDData) -> None:
    batch = plan.protocol.training.batch
    assert isinstance(batch, BatchRules)  # of a whole protocol
    needed = batch.identities
    people = len({int(pid) for pid in data.train.pids})
    if people < needed:
        raise PreflightError(
            f"suite '{plan.suite.name}': {label} has {people} people to train on, a batch of "
            f"protocol {plan.protocol.name} needs {needed}; use a larger data set"
        )


def _within_reach(plan: Plan, label: str, graph: ChannelGraph, asked: float) -> None:
    rules = plan.protocol.pruning
    reachable = highest_reduction(graph, rules.scope, rules.min_keep)
    if asked > reachable:
        raise PreflightError(
            f"suite '{plan.suite.name}': reduction {asked:g} is out of reach for {label}: "
            f"scope '{rules.scope}' of protocol {plan.protocol.name} can remove at most "
            f"{reachable:.1%} of its MACs; ask for less, or use a protocol with a wider scope"
        )


def _fine_enough(plan: Plan, label: str, graph: ChannelGraph, asked: set[float]) -> None:
    """Refuse a network so coarse that no choice of equal shares comes near a reduction."""
    rules = plan.protocol.pruning
    # Under uniform allocation the widths do not depend on the scores, so any scores will do.
    scores = {group.name: [0.0] * group.size for group in graph.in_scope(rules.scope)}
    for reduction in sorted(asked):
        nearest = solve(
            graph,
            scores,
            reduction=reduction,
            allocation="uniform",
            scope=rules.scope,
            min_keep=rules.min_keep,
        )
        achieved = 1 - graph.macs.total(nearest.widths) / graph.macs.total()
        if abs(achieved - reduction) > rules.tolerance:
            raise PreflightError(
                f"suite '{plan.suite.name}': {label} is too coarse for reduction {reduction:g}: "
                f"the nearest is {achieved:.4f}, outside the tolerance of {rules.tolerance:g}; "
                "ask for another reduction, or use a wider network"
            )
