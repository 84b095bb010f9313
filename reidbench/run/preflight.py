"""Checks a plan before any training, and lists all that would keep a run from its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from reidbench.datasets.locate import MissingData
from reidbench.engine.channels import (
    ChannelGraph,
    ScopeError,
    capture,
    guard,
    highest_reduction,
    solve,
)
from reidbench.engine.pruning.contract import refuse_unsound
from reidbench.errors import ReidbenchError, named_line, one_line
from reidbench.interrupts import fault_of
from reidbench.plan import (
    Configured,
    ConfiguredMethod,
    LoadNode,
    Plan,
    PreflightError,
    PruneNode,
    Trial,
    data_read,
    distinct,
    make,
    missing_text,
    unfit_data,
)
from reidbench.run.room import lack_of_room
from reidbench.store import Store


def preflight(plan: Plan, trials: Sequence[Trial], store: Store | None = None) -> dict[str, str]:
    """Refuse a plan of which something could not be carried out, and say all that could not.

    Returns by key why trials do not apply: their network has no channel in the protocol's scope.

    Raises:
        ReidbenchError: of its own kind where one thing is wrong: data sets that a user must bring
            are not there (``MissingData``) or are not fit, a component that cannot be made, a
            reduction out of reach or too fine, a disk without room; ``PreflightError`` with a line
            for each where there are several.

    """
    inapplicable: dict[str, str] = {}
    problems: list[ReidbenchError] = []
    if text := missing_text(plan, data_read(trials)):
        problems.append(MissingData(text))
    problems += unfit_data(plan, trials)
    for method in distinct(trial.method for trial in trials):
        problems += _problem(partial(_sound, method))
    for label, backbone in _backbones(trials).items():
        own = [trial for trial in trials if trial.id.backbone == label]
        problems += _network(plan, backbone, own, inapplicable)
        problems += _weights(own, store)
    if store is not None and not problems and (text := lack_of_room(plan, trials, store)):
        problems.append(PreflightError(text))
    if len(problems) > 1:
        raise PreflightError("\n".join(dict.fromkeys(map(str, problems))))
    if problems:
        raise problems[0]
    return inapplicable


def _backbones(trials: Iterable[Trial]) -> dict[str, Configured]:
    return {trial.id.backbone: trial.final.network.backbone for trial in trials}


def _sound(method: ConfiguredMethod) -> None:
    refuse_unsound(make(method), method)


def _problem(check: Callable[[], object]) -> Iterator[ReidbenchError]:
    """Yield what a check raises."""
    try:
        check()
    except ReidbenchError as error:
        yield error


def _network(
    plan: Plan, backbone: Configured, trials: Sequence[Trial], inapplicable: dict[str, str]
) -> Iterator[ReidbenchError]:
    """Yield what is wrong with a network; note the trials that its scope leaves without a cut."""
    try:
        module = make(backbone)
    except ReidbenchError as error:
        yield error
        return
    traced: list[ChannelGraph] = []
    if fault := fault_of(lambda: traced.append(_traced(module, plan))):
        # Of its own kind, or of a network that no rule foresaw.
        why = one_line(fault) if isinstance(fault, ReidbenchError) else named_line(fault)
        yield PreflightError(f"suite '{plan.suite.name}': {backbone.label}: {why}")
        return
    (graph,) = traced
    cutting = [trial for trial in trials if trial.method.record.prunes != "nothing"]
    asked = {node.reduction for it in cutting for node in it.phases if isinstance(node, PruneNode)}
    try:
        yield from _unreachable(plan, backbone.label, graph, asked)
    except ScopeError:
        rules = plan.protocol
        why = (
            f"{backbone.label} has no channel in scope '{rules.pruning.scope}' of protocol "
            f"{rules.name}"
        )
        more = "; use a protocol of scope 'all'" if rules.pruning.scope == "inner" else ""
        inapplicable.update((trial.key, why + more) for trial in cutting)


def _weights(trials: Iterable[Trial], store: Store | None) -> Iterator[ReidbenchError]:
    """Yield what is wrong with published weights: they are loaded, unless a store has them.

    Every trial begins with them, so a file that is missing or another network's ends them all.
    """
    loads = (node for trial in trials for node in trial.phases if isinstance(node, LoadNode))
    # Seeds share the file.
    for node in {str(node.weights): node for node in loads}.values():
        if store is None or not store.has(node.key):
            yield from _problem(partial(_load, node))


def _load(node: LoadNode) -> None:
    load = node.backbone.component.record.weights_loader()
    try:
        network = make(node.backbone)
    except ReidbenchError:
        return  # said of the network already
    load(network, node.weights)


def _traced(module: Any, plan: Plan) -> ChannelGraph:
    graph = capture(module, plan.protocol.input.size)
    guard(module, graph, plan.protocol.pruning.scope)
    return graph


def _unreachable(
    plan: Plan, label: str, graph: ChannelGraph, asked: Iterable[float]
) -> Iterator[ReidbenchError]:
    """Yield the reductions that are out of reach, or between two widths.

    Raises:
        ScopeError: the protocol's scope holds no channel of the network.

    """
    rules, where = plan.protocol.pruning, f"suite '{plan.suite.name}':"
    # Under uniform allocation the widths do not depend on the scores, so any scores will do.
    scores = {group.name: [0.0] * group.size for group in graph.in_scope(rules.scope)}
    reachable = highest_reduction(graph, rules.scope, rules.min_keep, rules.multiple)
    highest = max(asked, default=0.0)
    if highest > reachable:
        yield PreflightError(
            f"{where} reduction {highest:g} is out of reach for {label}: "
            f"scope '{rules.scope}' of protocol {plan.protocol.name} can remove at most "
            f"{reachable:.1%} of its MACs; ask for less, or use a protocol with a wider scope"
        )
    for reduction in sorted(each for each in asked if each <= reachable):
        nearest = solve(
            graph,
            scores,
            reduction=reduction,
            allocation="uniform",
            scope=rules.scope,
            min_keep=rules.min_keep,
            round_to=rules.multiple,
        )
        achieved = 1 - graph.macs.total(nearest.widths) / graph.macs.total()
        if abs(achieved - reduction) > rules.tolerance:
            yield PreflightError(
                f"{where} {label} is too coarse for reduction {reduction:g}: "
                f"the nearest is {achieved:.4f}, outside the tolerance of {rules.tolerance:g}; "
                "ask for another reduction, or use a wider network"
            )


__all__ = ["PreflightError", "preflight"]
