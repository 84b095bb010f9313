"""Finds the trials of a plan whose network or method cannot do what the suite asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reidbench.engine.channels import (
    ChannelGraph,
    ScopeError,
    capture,
    guard,
    highest_reduction,
    solve,
)
from reidbench.engine.pruning.contract import refuse_unsound
from reidbench.errors import ReidbenchError, forget_variables, named_line, one_line
from reidbench.interrupts import fault_of, returned
from reidbench.plan import (
    Configured,
    ConfiguredMethod,
    LoadNode,
    Plan,
    PreflightError,
    PruneNode,
    Trial,
    distinct,
    make,
)
from reidbench.run.memory import memory_given_back
from reidbench.store import Store


@dataclass(frozen=True)
class Unfit:
    """Trials that cannot be carried out, and why; ``applies`` is false if nothing is at fault."""

    trials: tuple[Trial, ...]
    error: ReidbenchError
    applies: bool = True


def cuts(trial: Trial) -> bool:
    """Return whether a trial's method removes channels."""
    return trial.method.record.prunes != "nothing"


def unfit_trials(
    plan: Plan, trials: Sequence[Trial], store: Store | None = None
) -> Iterator[Unfit]:
    """Yield all that is wrong with methods and networks; builds each of them once.

    Published weights are loaded, unless ``store`` has the loaded network.
    """
    for method in distinct(trial.method for trial in trials):
        own = tuple(trial for trial in trials if trial.method == method)
        yield from _unless(partial(_sound, method), own)
    for label, backbone in _backbones(trials).items():
        own = tuple(trial for trial in trials if trial.id.backbone == label)
        with memory_given_back():
            yield from _network(plan, backbone, own)
            yield from _weights(own, store)


def _backbones(trials: Iterable[Trial]) -> dict[str, Configured]:
    return {trial.id.backbone: trial.final.network.backbone for trial in trials}


def _sound(method: ConfiguredMethod) -> None:
    refuse_unsound(make(method), method)


def _unless(check: Callable[[], object], trials: tuple[Trial, ...]) -> Iterator[Unfit]:
    """Yield trials as unfit if a check of theirs raises."""
    try:
        check()
    except ReidbenchError as error:
        forget_variables(error)
        yield Unfit(trials, error)


def _network(plan: Plan, backbone: Configured, trials: tuple[Trial, ...]) -> Iterator[Unfit]:
    """Yield the trials that a network cannot serve."""
    try:
        graph = _captured(plan, backbone)
    except ReidbenchError as error:
        forget_variables(error)
        yield Unfit(trials, error)
        return
    cutting = tuple(trial for trial in trials if cuts(trial))
    try:
        yield from _unreachable(plan, backbone.label, graph, cutting)
    except ScopeError:
        rules = plan.protocol
        more = "; use a protocol of scope 'all'" if rules.pruning.scope == "inner" else ""
        why = (
            f"{backbone.label} has no channel in scope '{rules.pruning.scope}' of protocol "
            f"{rules.name}{more}"
        )
        yield Unfit(cutting, PreflightError(why), applies=False)


def _weights(trials: tuple[Trial, ...], store: Store | None) -> Iterator[Unfit]:
    """Yield the trials whose published weights are missing, or are another network's."""
    loading: dict[str, list[tuple[Trial, LoadNode]]] = {}
    for trial in trials:
        for node in trial.phases:
            if isinstance(node, LoadNode) and not (store is not None and store.has(node.key)):
                # Seeds share the file.
                loading.setdefault(str(node.weights), []).append((trial, node))
    for users in loading.values():
        own = tuple(trial for trial, _ in users)
        yield from _unless(partial(_load, users[0][1]), own)


def _load(node: LoadNode) -> None:
    load = node.backbone.component.record.weights_loader()
    try:
        network = make(node.backbone)
    except ReidbenchError:
        return  # said of the network already
    fault = fault_of(partial(load, network, node.weights))
    if isinstance(fault, ReidbenchError):
        raise fault
    if fault is not None:
        raise PreflightError(
            f"{node.weights} cannot be loaded into '{node.backbone.label}' by plugin "
            f"{node.backbone.component.owner} ({named_line(fault)}); give a file of its weights"
        ) from fault


def _captured(plan: Plan, backbone: Configured) -> ChannelGraph:
    """Build a network and find its channels; try on a copy that they can go.

    Raises:
        ReidbenchError: in one line, whatever the network raised.

    """
    module = make(backbone)

    def untraced(fault: BaseException) -> PreflightError:
        # Of its own kind, or of a network that no rule foresaw: one that ends the process, too.
        why = one_line(fault) if isinstance(fault, ReidbenchError) else named_line(fault)
        return PreflightError(f"suite '{plan.suite.name}': {backbone.label}: {why}")

    return returned(lambda: _traced(module, plan), untraced)


def _traced(module: Any, plan: Plan) -> ChannelGraph:
    graph = capture(module, plan.protocol.input.size)
    guard(module, graph, plan.protocol.pruning.scope)
    return graph


def _reductions(trial: Trial) -> set[float]:
    """Return the reductions that the prune phases of a trial ask for."""
    return {node.reduction for node in trial.phases if isinstance(node, PruneNode)}


def _unreachable(
    plan: Plan, label: str, graph: ChannelGraph, cutting: Sequence[Trial]
) -> Iterator[Unfit]:
    """Yield the trials whose reductions are out of reach, or between two widths.

    Raises:
        ScopeError: the protocol's scope holds no channel of the network.

    """
    rules = plan.protocol.pruning
    reachable = highest_reduction(graph, rules.scope, rules.min_keep, rules.multiple)
    asked = {trial.key: _reductions(trial) for trial in cutting}
    for reduction in sorted(set().union(*asked.values())):
        if reduction > reachable:
            why = (
                f"reduction {reduction:g} is out of reach for {label}: scope '{rules.scope}' of "
                f"protocol {plan.protocol.name} can remove at most {reachable:.1%} of its MACs; "
                "ask for less, or use a protocol with a wider scope"
            )
        elif not (why := _too_coarse(plan, label, graph, reduction)):
            continue
        own = tuple(trial for trial in cutting if reduction in asked[trial.key])
        yield Unfit(own, PreflightError(f"suite '{plan.suite.name}': {why}"))


def _too_coarse(plan: Plan, label: str, graph: ChannelGraph, reduction: float) -> str:
    """Return that no widths come close enough to a reduction; ``""`` if some do."""
    rules = plan.protocol.pruning
    nearest = solve(
        graph,
        # Under uniform allocation the widths do not depend on the scores, so any scores will do.
        {group.name: [0.0] * group.size for group in graph.in_scope(rules.scope)},
        reduction=reduction,
        allocation="uniform",
        scope=rules.scope,
        min_keep=rules.min_keep,
        round_to=rules.multiple,
    )
    achieved = 1 - graph.macs.total(nearest.widths) / graph.macs.total()
    if abs(achieved - reduction) <= rules.tolerance:
        return ""
    return (
        f"{label} is too coarse for reduction {reduction:g}: the nearest is {achieved:.4f}, "
        f"outside the tolerance of {rules.tolerance:g}; ask for another reduction, or use a wider "
        "network"
    )
