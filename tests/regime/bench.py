"""Single phases under variants of a protocol, measured on validation people and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from reidbench.config.protocol import Protocol
from reidbench.engine.phases import PhaseContext, run_phase
from reidbench.plan import EvaluateNode, Node, PhaseNode, PruneNode, TrainNode
from reidbench.plan.components import ConfiguredBackbone, ConfiguredData, ConfiguredMethod
from reidbench.plugins import Registry
from reidbench.store import Store


def variant(protocol: Protocol, **epochs: float) -> Protocol:
    """Return a protocol with other epochs of ``train`` or ``prune``; nothing else differs."""
    budgets = protocol.budgets
    for phase, count in epochs.items():
        other = getattr(budgets, phase).model_copy(update={"epochs": count})
        budgets = budgets.model_copy(update={phase: other})
    return protocol.model_copy(update={"budgets": budgets})


@dataclass
class Bench:
    """What every measurement shares: data, backbone, store and the device's context.

    Phases of two protocols may follow each other, so that a base network is trained once for all
    lengths of its prune phases.
    """

    registry: Registry
    data: ConfiguredData
    backbone: ConfiguredBackbone
    store: Store
    context: PhaseContext = field(init=False)

    def __post_init__(self) -> None:
        self.context = PhaseContext(self.store, torch.device("cpu"))

    def base(self, protocol: Protocol, seed: int, stretch: float = 1.0) -> TrainNode:
        """Return the training of a dense network."""
        return TrainNode(
            protocol, self.data, self.backbone, seed, None, "train", stretch=stretch
        )

    def pruned(
        self, protocol: Protocol, base: PhaseNode, name: str, reduction: float = 0.0
    ) -> PruneNode:
        """Return a prune phase of a trained network by a method at its defaults."""
        return PruneNode(
            protocol, self.data, self.backbone, base.seed, base, "prune",
            self._method(name), reduction,
        )  # fmt: skip

    def slim(self, protocol: Protocol, seed: int, reduction: float, stretch: float) -> TrainNode:
        """Return the training of a network that is slim from its start, as `scratch` is."""
        cut = PruneNode(
            protocol, self.data, self.backbone, seed, None, None,
            self._method("scratch"), reduction,
        )  # fmt: skip
        phases: Sequence[str] = ("train", "prune")
        node: PhaseNode = cut
        for phase in phases:
            node = TrainNode(
                protocol, self.data, self.backbone, seed, node, phase, stretch=stretch  # type: ignore[arg-type]
            )
        return node  # type: ignore[return-value]

    def measured(self, network: PhaseNode) -> dict[str, Any]:
        """Return the scores of a phase's network on the validation people, and its cost."""
        scores = EvaluateNode(network.protocol, self.data, network, "final")
        for node in (*_inputs(network), network, scores):
            if not self.store.has(node.key):
                run_phase(node, self.context)
        metrics, notes = self.store.meta(scores.key)["metrics"], self.store.meta(network.key)
        return {
            "mAP": round(100 * metrics["mAP"], 2),
            "rank1": round(100 * metrics["rank1"], 2),
            "epochs": notes["epochs"],
            "steps": notes["steps"],
            "seconds": round(sum(notes["seconds"].values()), 1),
            "measuring": round(sum(self.store.meta(scores.key)["seconds"].values()), 1),
            "key": network.key,
        }

    def _method(self, name: str) -> ConfiguredMethod:
        component = self.registry.methods.get(name)
        record = component.record
        return ConfiguredMethod(
            component, record.settings({}), record.strategy, record.allocation
        )


def _inputs(network: PhaseNode) -> list[Node]:
    """Return the phases before a phase, the first one first."""
    before = network.network
    return [] if before is None else [*_inputs(before), before]


def bench(registry: Registry, data: str, backbone: str, folder: Path) -> Bench:
    """Return the bench of a data set's validation people; artefacts are kept in ``folder``."""
    found = registry.datasets.get(data)
    built = registry.backbones.get(backbone)
    return Bench(
        registry,
        ConfiguredData(found, found.record.settings({}), evaluate="validation"),
        ConfiguredBackbone(built, built.record.settings({})),
        Store(folder),
    )
