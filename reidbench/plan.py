"""Turns a suite into a plan: trials, and a DAG of phases keyed by what decides their numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Literal, TypeVar

from reidbench.document import Located
from reidbench.plugins import Component, Registry, Shelf, UnknownComponent
from reidbench.protocol import Protocol, ProtocolError, load_protocol
from reidbench.records import (
    Allocation,
    MethodRecord,
    OptionError,
    Record,
    Strategy,
)
from reidbench.results import ComponentId, TrialId
from reidbench.suite import PhaseSpec, Suite

ENGINE = 1
"""Bump when a change of the core changes numbers: every cached phase is then made anew."""

R = TypeVar("R", bound=Record)
State = Literal["pruned", "final"]


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Chosen:
    """A component with its options, defaults filled in."""

    component: Component[Any]
    options: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The name, with the options that differ from the defaults."""
        record = self.component.record
        differing = [
            f"{name}={value}"
            for name, value in self.options.items()
            if value != record.options.get(name)
        ]
        return f"{record.name}({', '.join(differing)})" if differing else str(record.name)

    def document(self) -> dict[str, Any]:
        """Return identity and options, as keys hash them."""
        return {**self.component.identity(), "options": dict(self.options)}

    def identity(self) -> ComponentId:
        """Return the component's identity, as results carry it."""
        return ComponentId(**self.component.identity())

    def build(self) -> Any:
        """Import the target and call it with the options."""
        return self.component.record.build(self.options)


@dataclass(frozen=True)
class ChosenMethod(Chosen):
    """A method with its strategy and allocation."""

    strategy: Strategy
    allocation: Allocation

    @property
    def record(self) -> MethodRecord:
        """The method's record."""
        record = self.component.record
        assert isinstance(record, MethodRecord)
        return record

    def document(self) -> dict[str, Any]:
        """Return identity, options, strategy and allocation, as keys hash them."""
        return {**super().document(), "strategy": self.strategy, "allocation": self.allocation}


@dataclass(frozen=True)
class Node:
    """A phase or a measurement, keyed by everything that decides its numbers.

    The key is a Merkle hash: the node's own document and the keys of its inputs; nothing about
    devices, workers or paths.
    """

    protocol: Protocol
    data: Chosen

    @property
    def kind(self) -> str:
        """The node's kind, as keys and reports name it."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """Return everything that decides the node's numbers."""
        return {
            "engine": ENGINE,
            "kind": self.kind,
            "protocol": self.protocol.digest,
            "data": self.data.document(),
        }

    @cached_property
    def key(self) -> str:
        """The Merkle hash, 16 hexadecimal digits."""
        return _digest(self.document())[:16]


@dataclass(frozen=True)
class PhaseNode(Node):
    """A train phase, or the base of a prune phase; ``network`` is None for an untrained one."""

    backbone: Chosen
    seed: int
    network: PhaseNode | None
    budget: Literal["train", "prune"] | None

    @property
    def kind(self) -> str:
        """``train``."""
        return "train"

    @property
    def epochs(self) -> float:
        """Epochs the phase trains for."""
        return getattr(self.protocol.budgets, self.budget).epochs if self.budget else 0.0

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers."""
        return {
            **super().document(),
            "backbone": self.backbone.document(),
            "seed": self.seed,
            "network": self.network.key if self.network else None,
            "budget": self.budget,
        }


@dataclass(frozen=True)
class TrainNode(PhaseNode):
    """A phase that trains."""


@dataclass(frozen=True)
class PruneNode(PhaseNode):
    """A phase that prunes to a MACs target and retrains; no budget means a cut alone."""

    method: ChosenMethod
    reduction: float

    @property
    def kind(self) -> str:
        """``prune``."""
        return "prune"

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers."""
        return {
            **super().document(),
            "method": self.method.document(),
            "reduction": self.reduction,
        }


@dataclass(frozen=True)
class EvaluateNode(Node):
    """A measurement of a phase's network on query and gallery."""

    network: PhaseNode
    state: State

    @property
    def kind(self) -> str:
        """``evaluate``."""
        return "evaluate"

    def document(self) -> dict[str, Any]:
        """Return everything that decides the measurement."""
        return {**super().document(), "network": self.network.key, "state": self.state}


@dataclass(frozen=True)
class Trial:
    """One trial: its phases in order, and what of them is measured."""

    id: TrialId
    method: ChosenMethod
    phases: tuple[PhaseNode, ...]
    base: EvaluateNode | None
    pruned: EvaluateNode | None
    final: EvaluateNode

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, inputs before what needs them."""
        measured = (self.base, self.pruned, self.final)
        return (*self.phases, *(node for node in measured if node is not None))

    @property
    def prune(self) -> PruneNode:
        """The last prune phase: the one that decides the network's widths."""
        return next(node for node in reversed(self.phases) if isinstance(node, PruneNode))

    @cached_property
    def key(self) -> str:
        """Hash of all nodes, 16 hexadecimal digits: the result file's name."""
        return _digest({"trial": [node.key for node in self.nodes]})[:16]


@dataclass(frozen=True)
class Plan:
    """All trials of a suite, and their nodes, shared ones once."""

    suite: Suite
    protocol: Protocol
    trials: tuple[Trial, ...]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every distinct node by key, inputs first."""
        return {node.key: node for trial in self.trials for node in trial.nodes}


def make_plan(located: Located[Suite], registry: Registry) -> Plan:
    """Resolve a suite's names and lay out its trials.

    Raises:
        DocumentError: a name no plugin declares, or an option its component does not have.

    """
    suite = located.content
    try:
        protocol = load_protocol(suite.protocol)
    except ProtocolError as error:
        raise located.fault(("protocol",), str(error)) from error
    resolve = _Resolver(located, registry)
    backbones, targets, methods = resolve.backbones(), resolve.targets(), resolve.methods()
    source = resolve.source()
    trials = [
        _Layout(protocol, name, phases, backbone, source, target, seed).trial(method, reduction)
        for (name, phases), backbone, target, seed, method in product(
            suite.scenarios.items(), backbones, targets, suite.seeds, methods
        )
        for reduction in _reductions(suite, method)
    ]
    return Plan(suite, protocol, tuple(trials))


def _reductions(suite: Suite, method: ChosenMethod) -> tuple[float, ...]:
    return (0.0,) if method.record.prunes == "nothing" else suite.reductions


@dataclass(frozen=True)
class _Resolver:
    """Looks up a suite's components, and points at the line of what it cannot find."""

    located: Located[Suite]
    registry: Registry

    def backbones(self) -> list[Chosen]:
        return [
            self._chosen(self.registry.backbones, spec.backbone, spec.options, ("backbones", i))
            for i, spec in enumerate(self.located.content.backbones)
        ]

    def targets(self) -> list[Chosen]:
        return [
            self._chosen(self.registry.datasets, spec.dataset, spec.options, ("targets", i))
            for i, spec in enumerate(self.located.content.targets)
        ]

    def source(self) -> Chosen | None:
        spec = self.located.content.source
        if spec is None:
            return None
        return self._chosen(self.registry.datasets, spec.dataset, spec.options, ("source",))

    def methods(self) -> list[ChosenMethod]:
        return [self._method(i) for i in range(len(self.located.content.methods))]

    def _method(self, index: int) -> ChosenMethod:
        spec = self.located.content.methods[index]
        chosen = self._chosen(self.registry.methods, spec.method, spec.options, ("methods", index))
        record = chosen.component.record
        return ChosenMethod(
            chosen.component,
            chosen.options,
            spec.strategy or record.strategy,
            spec.allocation or record.allocation,
        )

    def _chosen(
        self, shelf: Shelf[Any], name: str, options: Mapping[str, Any], where: tuple[str | int, ...]
    ) -> Chosen:
        try:
            component = shelf.get(name)
        except UnknownComponent as error:
            raise self.located.fault(where, str(error)) from error
        try:
            return Chosen(component, component.record.settings(options))
        except OptionError as error:
            raise self.located.fault((*where, "options"), str(error)) from error


@dataclass(frozen=True)
class _Layout:
    """Lays the phases of a scenario for one backbone, target and seed."""

    protocol: Protocol
    scenario: str
    phases: tuple[PhaseSpec, ...]
    backbone: Chosen
    source: Chosen | None
    target: Chosen
    seed: int

    def trial(self, method: ChosenMethod, reduction: float) -> Trial:
        nodes = tuple(self._nodes(method, reduction))
        final = EvaluateNode(self.protocol, self.target, nodes[-1], "final")
        base, pruned = self._before(nodes, method)
        return Trial(self._id(method, reduction), method, nodes, base, pruned, final)

    def _nodes(self, method: ChosenMethod, reduction: float) -> Iterator[PhaseNode]:
        network: PhaseNode | None = None
        from_start = method.record.prunes == "initial"
        if from_start:
            # The slim network goes through the scenario's own phases, so budgets stay equal.
            network = self._prune(self.phases[0], None, method, reduction, None)
            yield network
        for phase in self.phases:
            if phase.kind == "prune" and not from_start:
                network = self._prune(phase, network, method, reduction, "prune")
            else:
                network = TrainNode(
                    self.protocol,
                    self._data(phase),
                    self.backbone,
                    self.seed,
                    network,
                    phase.kind,
                )
            yield network

    def _prune(
        self,
        phase: PhaseSpec,
        network: PhaseNode | None,
        method: ChosenMethod,
        reduction: float,
        budget: Literal["prune"] | None,
    ) -> PruneNode:
        return PruneNode(
            self.protocol,
            self._data(phase),
            self.backbone,
            self.seed,
            network,
            budget,
            method,
            reduction,
        )

    def _before(
        self, nodes: tuple[PhaseNode, ...], method: ChosenMethod
    ) -> tuple[EvaluateNode | None, EvaluateNode | None]:
        """Return what is measured before retraining: the base network, and the one just cut."""
        last = nodes[-1]
        # Only a network that ends on its pruning has a base on the same data to compare with.
        if not isinstance(last, PruneNode) or last.network is None:
            return None, None
        base = EvaluateNode(self.protocol, self.target, last.network, "final")
        if method.record.prunes == "nothing":
            return base, None
        return base, EvaluateNode(self.protocol, self.target, last, "pruned")

    def _data(self, phase: PhaseSpec) -> Chosen:
        if phase.domain == "target":
            return self.target
        assert self.source is not None  # the suite's own validation
        return self.source

    def _id(self, method: ChosenMethod, reduction: float) -> TrialId:
        return TrialId(
            scenario=self.scenario,
            backbone=self.backbone.label,
            source=self.source.label if self.source else None,
            target=self.target.label,
            method=method.label,
            strategy=method.strategy,
            allocation=method.allocation,
            control=method.record.control,
            reduction=reduction,
            seed=self.seed,
        )
