"""Examines the components of a plan one after another: makes each, and tries what phases need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from reidbench.plan import (
    Configured,
    ConfiguredData,
    LoadNode,
    Plan,
    Trial,
    data_read,
    distinct,
    unfit_data_set,
)
from reidbench.run.findings import Finding
from reidbench.run.memory import memory_given_back
from reidbench.run.unfit_networks import NoteGraph, unfit_method, unfit_network, unfit_weights
from reidbench.store import Store


@dataclass(frozen=True)
class Step:
    """The examination of one component.

    Attributes:
        name: what is examined, for people; no two steps of a plan have the same.
        doing: what is done to it, as in "while it was made".
        trials: keys of the trials that need it; empty if the whole plan is refused without it.
        look: returns what is wrong, if anything is.
        needs: name of the step whose component is made here, too; empty if there is none.

    """

    name: str
    doing: str
    trials: tuple[str, ...]
    look: Callable[[], Iterable[Finding]]
    needs: str = ""


def examine(plan: Plan, trials: Sequence[Trial], store: Store | None = None) -> Iterator[Finding]:
    """Yield all that is wrong with components of trials; each is made in this process.

    Published weights are loaded, unless ``store`` has the loaded network.
    """
    for step in steps(plan, trials, store):
        yield from step.look()


def steps(
    plan: Plan,
    trials: Sequence[Trial],
    store: Store | None = None,
    note_graph: NoteGraph = lambda *_: None,
) -> Iterator[Step]:
    """Yield the steps of the examination; ``note_graph`` is told of each sound network's graph."""
    for data in data_read(trials):
        if not data.missing:
            look = partial(_data_set, plan, trials, data)
            yield Step(f"data set {data.in_full}", "its lists and first images were read", (), look)
    for method in distinct(trial.method for trial in trials):
        own = tuple(trial for trial in trials if trial.method == method)
        how = f"({method.strategy}, {method.allocation})"
        name = f"method '{method.label}' {how} of plugin {method.component.owner}"
        yield Step(name, "it was made", _keys(own), partial(unfit_method, method, own))
    for label, backbone in _backbones(trials).items():
        own = tuple(trial for trial in trials if trial.id.backbone == label)
        yield from _network_steps(plan, backbone, own, store, note_graph)


def _network_steps(
    plan: Plan,
    backbone: Configured,
    trials: tuple[Trial, ...],
    store: Store | None,
    note_graph: NoteGraph,
) -> Iterator[Step]:
    network = f"network {backbone.in_full}"
    look = partial(_given_back, partial(unfit_network, plan, backbone, trials, note_graph))
    yield Step(network, "it was built, traced and cut", _keys(trials), look)
    for weights, (node, users) in _weights(trials, store).items():
        look = partial(_given_back, partial(unfit_weights, node, users))
        name = f"weights {weights} of {network}"
        yield Step(name, "they were loaded", _keys(users), look, needs=network)


def _weights(
    trials: Sequence[Trial], store: Store | None
) -> dict[str, tuple[LoadNode, tuple[Trial, ...]]]:
    """Return by published weights that are not loaded yet a node that loads them, and its users."""
    found: dict[str, tuple[LoadNode, tuple[Trial, ...]]] = {}
    for trial in trials:
        for node in trial.phases:
            if isinstance(node, LoadNode) and not (store is not None and store.has(node.key)):
                # Seeds share the file.
                first, users = found.get(str(node.weights), (node, ()))
                found[str(node.weights)] = (first, (*users, trial))
    return found


def _data_set(plan: Plan, trials: Sequence[Trial], data: ConfiguredData) -> Iterator[Finding]:
    return map(Finding, unfit_data_set(plan, trials, data))


def _given_back(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    with memory_given_back():
        return list(look())


def _backbones(trials: Iterable[Trial]) -> dict[str, Configured]:
    return {trial.id.backbone: trial.final.network.backbone for trial in trials}


def _keys(trials: Iterable[Trial]) -> tuple[str, ...]:
    return tuple(trial.key for trial in trials)
