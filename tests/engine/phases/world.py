"""A world in which phases run in milliseconds: the tiny data and network, and a few steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from reidbench.api.events import CurvePoint
from reidbench.api.method import Method
from reidbench.api.records import BackboneRecord, DatasetRecord, MethodRecord, Record
from reidbench.config.protocol import Protocol, load_protocol
from reidbench.engine.phases import run_phase
from reidbench.engine.phases.context import Listener, PhaseContext, silent
from reidbench.engine.phases.prune import begin_prune
from reidbench.engine.pruning.phase import Pruning
from reidbench.plan import (
    Configured,
    ConfiguredData,
    ConfiguredMethod,
    EvaluateNode,
    Node,
    PhaseNode,
    PruneNode,
    TrainNode,
)
from reidbench.plugins import Component, Plugin
from reidbench.store import Store
from reidbench.store.curve import CURVE, read_curve

CPU = torch.device("cpu")
STEPS = 12
"""Optimiser steps of a prune phase here: two epochs of six."""


# Batches of 16 in any order, and no triplets: how a classification source is trained on.
CLASSES = {"batch": {"size": 16}, "loss": {"triplet": 0.0}}


def protocol(**changes: Any) -> Protocol:
    """Return rules like ``smoke/1`` but 12 steps a phase and 3 rounds, with nested ``changes``."""
    rules = load_protocol("smoke/1").model_dump()
    few_epochs = {"train": {"epochs": 3}, "prune": {"epochs": 2}}
    few = {
        "budgets": few_epochs,
        "pruning": {"rounds": 3, "soft_rounds": 3},
        "source": {
            "budgets": few_epochs,
            "training": merged({**rules["training"], "batch": {}}, CLASSES),
        },
    }
    return Protocol.model_validate(merged(merged(rules, few), changes))


def merged(rules: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``rules`` with ``changes`` at any depth."""
    both = dict(rules)
    for name, value in changes.items():
        inner = isinstance(value, Mapping) and isinstance(both.get(name), Mapping)
        both[name] = merged(both[name], value) if inner else value
    return both


def component(record: Record) -> Component[Any]:
    """Return a record as if the tests were a plugin."""
    return Component(record, Plugin("tests", "tests", "1"))


def configured(
    kind: type[Record],
    name: str,
    target: str,
    fields: Mapping[str, Any] | None = None,
    **options: Any,
) -> Configured:
    """Return a component configured with the options that it declares."""
    common = {"name": name, "version": "1", "summary": "-", "reference": "-", "target": target}
    record = kind(**common, **(fields or {}), options=options)
    configured_as = ConfiguredData if kind is DatasetRecord else Configured
    return configured_as(component(record), options)


TINY = configured(DatasetRecord, "tiny", "reidbench_tiny.data:load", palette=0)
CLASSES_DATA = configured(
    DatasetRecord, "tiny-classes", "reidbench_tiny.data:load_classes", {"task": "classification"}
)
OTHER = configured(DatasetRecord, "other", "tests.engine.phases.pictures:fewer_people")
TINYNET = configured(
    BackboneRecord,
    "tinynet",
    "reidbench_tiny.network:tinynet",
    {"loader": "reidbench_tiny.network:load_weights"},
    width=96,
)


def method(
    name: str = "ByNorm",
    strategy: str = "one-shot",
    allocation: str = "uniform",
    prunes: str = "trained",
) -> ConfiguredMethod:
    """Return a method of ``criteria``."""
    record = MethodRecord(
        name=name.lower(),
        version="1",
        summary="-",
        reference="-",
        target=f"tests.engine.phases.criteria:{name}",
        prunes=prunes,  # type: ignore[arg-type]
        data="labels",
        strategy="own" if strategy == "own" else "one-shot",
    )
    return ConfiguredMethod(component(record), {}, strategy, allocation)  # type: ignore[arg-type]


@dataclass(frozen=True)
class World:
    """A store, and what the nodes in it have in common."""

    store: Store
    rules: Protocol = field(default_factory=protocol)
    data: Configured = TINY
    backbone: Configured = TINYNET
    seed: int = 0

    def but(self, **changes: Any) -> World:
        """Return a world that differs; the store is the same unless it is named."""
        return replace(self, **changes)

    def context(self, listener: Listener = silent) -> PhaseContext:
        """Return a context that has loaded and decoded nothing."""
        return PhaseContext(self.store, CPU, listener)

    def train(self, network: PhaseNode | None = None, data: Configured | None = None) -> TrainNode:
        """Return a train phase."""
        data = data or self.data
        return TrainNode(self.rules, data, self.backbone, self.seed, network, "train")

    def prune(
        self,
        contender: ConfiguredMethod | None = None,
        *,
        reduction: float = 0.5,
        network: PhaseNode | str | None = "trained",
        budget: str | None = "prune",
        joined: bool = False,
    ) -> PruneNode:
        """Return a prune phase, of the trained network unless another network is named."""
        base = self.train() if network == "trained" else network
        fields = (self.rules, self.data, self.backbone, self.seed, base, budget)
        return PruneNode(*fields, contender or method(), reduction, joined=joined)  # type: ignore[arg-type]

    def measure(self, network: PhaseNode, state: str = "final") -> EvaluateNode:
        """Return a measurement on this world's data."""
        return EvaluateNode(self.rules, self.data, network, state)  # type: ignore[arg-type]

    def run(self, node: Node, context: PhaseContext | None = None) -> dict[str, Any]:
        """Run a node and the phases it needs, unless the store has them; return its notes."""
        needed = getattr(node, "network", None)
        if needed is not None:
            self.run(needed, context)
        if not self.store.has(node.key):
            run_phase(node, context or self.context())
        return self.store.meta(node.key)

    def begin(self, node: PruneNode, own: Method | None = None) -> Pruning:
        """Return a prune phase with nothing done yet, of another method if one is given."""
        if node.network is not None:
            self.run(node.network)
        phase = begin_prune(node, self.context())
        return phase if own is None else replace(phase, method=own)

    def files(self, node: Node) -> dict[str, bytes]:
        """Return what the node left, but for notes and curve: seconds and speeds always differ."""
        folder = self.store.folder(node.key)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in ("meta.json", CURVE)
        }

    def curve(self, node: Node) -> list[CurvePoint]:
        """Return the curve of what the node trained, without its speeds."""
        return [replace(it, images_per_second=0.0) for it in read_curve(self.store, node.key)]
