"""Finds the trials of a plan whose network or method cannot do what the suite asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

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
    make,
)
from reidbench.run.findings import Finding

NoteGraph: TypeAlias = Callable[[Configured, Any, ChannelGraph], None]
"""Called with a backbone, its network, and the channels that were found in it."""


def unfit_method(method: ConfiguredMethod, trials: Sequence[Trial]) -> Iterator[Finding]:
    """Yield what is wrong with a method as it is made."""
    yield from _unless(lambda: refuse_unsound(make(method), method), trials)


def unfit_network(
    plan: Plan, backbone: Configured, trials: Sequence[Trial], note_graph: NoteGraph
) -> Iterator[Finding]:
    """Yield the trials that a network cannot serve; builds it once."""
    try:
        graph = _captured(plan, backbone, note_graph)
    except ReidbenchError as error:
        forget_variables(error)
        yield _finding(error, trials)
        return
    if not (cutting := [trial for trial in trials if trial.cuts]):
        return
    try:
        yield from _unreachable(plan, backbone.label, graph, cutting)
    except ScopeError:
        rules = plan.protocol
        more = "; use a protocol of scope 'all'" if rules.pruning.scope == "inner" else ""
        why = (
            f"{backbone.label} has no channel in scope '{rules.pruning.scope}' of protocol "
            f"{rules.name}{more}"
        )
        yield _finding(PreflightError(why), cutting, applies=False)


def unfit_weights(node: LoadNode, trials: Sequence[Trial]) -> Iterator[Finding]:
    """Yield trials whose published weights are missing, or are another network's."""
    yield from _unless(partial(_load, node), trials)


def _finding(error: ReidbenchError, trials: Sequence[Trial], *, applies: bool = True) -> Finding:
    return Finding(error, tuple(trial.key for trial in trials), applies)


def _unless(check: Callable[[], object], trials: Sequence[Trial]) -> Iterator[Finding]:
    """Yield trials as unfit if a check of theirs raises."""
    try:
        check()
    except ReidbenchError as error:
        forget_variables(error)
        yield _finding(error, trials)


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


def _captured(plan: Plan, backbone: Configured, note_graph: NoteGraph) -> ChannelGraph:
    """Build a network and find its channels; try on a copy that they can go.

    Raises:
        ReidbenchError: in one line, whatever the network raised.

    """
    module = make(backbone)

    def untraced(fault: BaseException) -> PreflightError:
        # Of its own kind, or of a network that no rule foresaw: one that ends the process, too.
        why = one_line(fault) if isinstance(fault, ReidbenchError) else named_line(fault)
        return PreflightError(f"suite '{plan.suite.name}': {backbone.label}: {why}")

    graph = returned(lambda: _traced(module, plan), untraced)
    note_graph(backbone, module, graph)
    return graph


def _traced(module: Any, plan: Plan) -> ChannelGraph:
    graph = capture(module, plan.protocol.input.size)
    guard(module, graph, plan.protocol.pruning.scope)
    return graph


def _reductions(trial: Trial) -> set[float]:
    """Return the reductions that the prune phases of a trial ask for."""
    return {node.reduction for node in trial.phases if isinstance(node, PruneNode)}


def _unreachable(
    plan: Plan, label: str, graph: ChannelGraph, cutting: Sequence[Trial]
) -> Iterator[Finding]:
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
        own = [trial for trial in cutting if reduction in asked[trial.key]]
        yield _finding(PreflightError(f"suite '{plan.suite.name}': {why}"), own)


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
