"""Single phases under variants of a protocol, never on test people and never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from reidbench.api import DatasetRecord
from reidbench.config.protocol import Protocol
from reidbench.config.suite import PhaseSpec
from reidbench.engine.phases import PhaseContext, run_phase
from reidbench.plan import EvaluateNode, PhaseNode, TrainNode
from reidbench.plan.components import ConfiguredBackbone, ConfiguredData, ConfiguredMethod
from reidbench.plan.trial_builder import TrialBuilder
from reidbench.plan.trials import Trial
from reidbench.plugins import Registry
from reidbench.plugins.registry import Component
from reidbench.store import Store

SCENARIO = (PhaseSpec(train="target"), PhaseSpec(prune="target"))


def variant(protocol: Protocol, **factors: float) -> Protocol:
    """Return a protocol whose ``train`` or ``prune`` epochs are multiplied; no other rule."""
    rules = protocol.document()
    for phase, factor in factors.items():
        rules["budgets"][phase]["epochs"] *= factor
    # Made anew: a copied model would keep the digest that was computed of the other.
    return Protocol.model_validate(rules)


@dataclass(frozen=True)
class Bench:
    """Data, backbone, protocol and store that all measurements share.

    ``data`` is trained on as a suite does, so that a suite finds its base networks in the store;
    ``measured`` are people to choose on. A network's phases may be of two protocols, so that a
    base network is trained once for all lengths of the prune phase behind it.
    """

    registry: Registry
    data: ConfiguredData
    measured: ConfiguredData
    backbone: ConfiguredBackbone
    protocol: Protocol
    store: Store
    context: PhaseContext = field(compare=False)

    def trained(self, seed: int, protocol: Protocol | None = None) -> TrainNode:
        """Return the training of a dense base network."""
        return TrainNode(protocol or self.protocol, self.data, self.backbone, seed, None, "train")

    def pruned(
        self, name: str, reduction: float, seed: int, prune: Protocol | None = None
    ) -> PhaseNode:
        """Return the last phase of a method's trial; ``prune`` are other rules of that phase."""
        builder = TrialBuilder(
            protocol=self.protocol,
            scenario="target-only",
            phases=SCENARIO,
            backbone=self.backbone,
            domains={"target": self.data},
            seed=seed,
        )
        trial = builder.row(self._method(name), reduction)
        assert isinstance(trial, Trial)
        return replace(trial.phases[-1], protocol=prune or self.protocol)

    def scores(self, network: PhaseNode) -> Mapping[str, Any]:
        """Return what a phase's network scores on the people to choose on, and what it took."""
        measured = EvaluateNode(network.protocol, self.measured, network, "final")
        for node in (*_phases(network), measured):
            if not self.store.has(node.key):
                run_phase(node, self.context)
        notes, metrics = self.store.meta(network.key), self.store.meta(measured.key)["metrics"]
        return {
            "mAP": round(100 * metrics["mAP"], 2),
            "rank-1": round(100 * metrics["rank1"], 2),
            "epochs": notes["epochs"],
            "steps": notes["steps"],
            "seconds": round(sum(notes["seconds"].values()), 1),
        }

    def _method(self, name: str) -> ConfiguredMethod:
        component = self.registry.methods.get(name)
        record = component.record
        return ConfiguredMethod(component, record.settings({}), record.strategy, record.allocation)


def _phases(network: PhaseNode) -> list[PhaseNode]:
    """Return the phases that lead to a network, the first one first."""
    return [*(_phases(network.network) if network.network else []), network]


def make_bench(
    registry: Registry, protocol: Protocol, data: str, backbone: str, folder: Path
) -> Bench:
    """Return the bench of a data set whose test people stay unseen; it keeps all in ``folder``."""
    built = registry.backbones.get(backbone)
    trained, measured = _without_test_people(registry.datasets.get(data))
    store = Store(folder)
    return Bench(
        registry,
        trained,
        measured,
        ConfiguredBackbone(built, built.record.settings({})),
        protocol,
        store,
        PhaseContext(store, torch.device("cpu")),
    )


def _without_test_people(data: Component[DatasetRecord]) -> tuple[ConfiguredData, ConfiguredData]:
    """Return what to train on and whom to measure: spare people, or trained ones held out."""
    if "people" in data.record.options:
        spare = ConfiguredData(data, data.record.settings({"people": "spare"}))
        return ConfiguredData(data, data.record.settings({})), spare
    held_out = ConfiguredData(data, data.record.settings({}), evaluate="validation")
    return held_out, held_out
