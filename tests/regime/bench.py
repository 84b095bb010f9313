"""Trials under variants of a protocol, never on test people and no phase twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from reidbench.api import DatasetRecord
from reidbench.config.protocol import Protocol
from reidbench.config.suite import Domain, PhaseSpec, load_suite
from reidbench.engine.phases import PhaseContext, run_phase
from reidbench.plan import EvaluateNode, PhaseNode
from reidbench.plan.components import ConfiguredBackbone, ConfiguredData, ConfiguredMethod
from reidbench.plan.resolve import resolve
from reidbench.plan.trial_builder import TrialBuilder
from reidbench.plan.trials import Trial
from reidbench.plugins import Registry
from reidbench.plugins.protocols import find_protocol
from reidbench.plugins.registry import Component
from reidbench.store import Store
from tests.regime.accuracy import accuracy, unseen_pictures
from tests.regime.cases import Case
from tests.support.places import ROOT

SCENARIOS: dict[str, tuple[PhaseSpec, ...]] = {
    "target-only": (PhaseSpec(train="target"), PhaseSpec(prune="target")),
    "source-only": (PhaseSpec(train="source"), PhaseSpec(prune="source")),
}
"""Those that a case may name, besides those of the paper's suite."""

TO_CHOOSE_ON = {"split": 0}
"""Options of a data set with several splits: of the one that is in no table."""


def scenario_phases(name: str) -> tuple[PhaseSpec, ...]:
    """Return the phases of a scenario: one of this module, or one of the paper's."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    suite = yaml.safe_load((ROOT / "suites" / "paper-mini.yaml").read_text(encoding="utf-8"))
    return tuple(PhaseSpec.model_validate(phase) for phase in suite["scenarios"][name])


def variant(protocol: Protocol, *, on_classes: bool = False, **factors: float) -> Protocol:
    """Return a protocol whose ``train`` or ``prune`` epochs are multiplied; no other rule.

    ``on_classes`` multiplies those on a classification source.
    """
    rules = protocol.document()
    budgets = rules["source"]["budgets"] if on_classes else rules["budgets"]
    for phase, factor in factors.items():
        budgets[phase]["epochs"] *= factor
    # Made anew: a copied model would keep the digest that was computed of the other.
    return Protocol.model_validate(rules)


@dataclass(frozen=True)
class Bench:
    """Data, backbone, protocol and store that all measurements share.

    ``data`` and ``source`` are trained on as a suite does, so that a suite finds its base networks
    in the store; ``measured`` are people to choose on, ``unseen`` other pictures of the source's
    classes; ``scenarios`` are of a suite, if not this module's. A network's phases may be of
    several protocols, so that a base network is trained once for all lengths of the phase behind.
    """

    registry: Registry
    data: ConfiguredData
    measured: ConfiguredData
    backbone: ConfiguredBackbone
    protocol: Protocol
    store: Store
    context: PhaseContext = field(compare=False)
    source: ConfiguredData | None = None
    unseen: ConfiguredData | None = None
    scenarios: Mapping[str, tuple[PhaseSpec, ...]] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """What a line of the log is of: backbone, and protocol by the beginning of its digest."""
        return {"backbone": self.backbone.label, "protocol": self.protocol.digest[:12]}

    def network(self, case: Case) -> PhaseNode:
        """Return the last phase of a case, each phase under the lengths that the case gives it."""
        network = None
        for phase in self._phases(case):
            network = replace(phase, protocol=self._rules(phase, case), network=network)
        assert network is not None
        return network

    def _phases(self, case: Case) -> tuple[PhaseNode, ...]:
        phases = self.scenarios.get(case.scenario) or scenario_phases(case.scenario)
        if case.method is None:
            phases = tuple(phase for phase in phases if phase.kind == "train")
        domains: dict[Domain, ConfiguredData] = {"target": self.data}
        if self.source is not None:
            domains["source"] = self.source
        builder = TrialBuilder(
            protocol=self.protocol,
            scenario=case.scenario,
            phases=phases,
            backbone=self.backbone,
            domains=domains,
            seed=case.seed,
        )
        trial = builder.row(self._method(case.method or "dense"), case.reduction)
        assert isinstance(trial, Trial), f"{case} is not applicable"
        return trial.phases

    def _rules(self, phase: PhaseNode, case: Case) -> Protocol:
        """Return the protocol, with the epochs of a phase's budget as the case has them."""
        if phase.budget is None:
            return self.protocol
        if phase.data == self.source:
            factors = {"train": case.source, "prune": 1.0}
        else:
            factors = {"train": case.train, "prune": case.prune}
        on_classes = phase.data.record.task == "classification"
        lengths = {phase.budget: factors[phase.budget]}
        return variant(self.protocol, on_classes=on_classes, **lengths)

    def scores(self, network: PhaseNode) -> Mapping[str, Any]:
        """Return what a phase's network scores on what it has not seen, and what it took."""
        phases = chain(network)
        for node in phases:
            self._run(node)
        notes = [self.store.meta(node.key) for node in phases]
        return {
            **(self._classified(network) if network.data == self.source else self._found(network)),
            "epochs": notes[-1]["epochs"],
            "epochs_before": [its["epochs"] for its in notes[:-1]],
            "steps": notes[-1]["steps"],
            "seconds": round(sum(notes[-1]["seconds"].values()), 1),
        }

    def _found(self, network: PhaseNode) -> dict[str, float]:
        measured = EvaluateNode(network.protocol, self.measured, network, "final")
        self._run(measured)
        metrics = self.store.meta(measured.key)["metrics"]
        return {"mAP": round(100 * metrics["mAP"], 2), "rank-1": round(100 * metrics["rank1"], 2)}

    def _classified(self, network: PhaseNode) -> dict[str, float]:
        assert self.unseen is not None
        return {"accuracy": round(accuracy(network, self.unseen, self.context), 2)}

    def _run(self, node: PhaseNode | EvaluateNode) -> None:
        if not self.store.has(node.key):
            run_phase(node, self.context)

    def _method(self, name: str) -> ConfiguredMethod:
        component = self.registry.methods.get(name)
        record = component.record
        return ConfiguredMethod(component, record.settings({}), record.strategy, record.allocation)


def chain(network: PhaseNode) -> list[PhaseNode]:
    """Return the phases that lead to a network, the first one first."""
    return [*(chain(network.network) if network.network else []), network]


def make_bench(
    registry: Registry,
    protocol: Protocol,
    data: str,
    backbone: str,
    folder: Path,
    source: str | None = None,
) -> Bench:
    """Return the bench of a data set whose test people stay unseen; it keeps all in ``folder``.

    Raises:
        ValueError: a source of which no pictures could stay unseen.
    """
    built = registry.backbones.get(backbone)
    learned = _as_it_is(registry.datasets.get(source)) if source else None
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
        learned,
        unseen_pictures(learned) if learned else None,
    )


def bench_of_suite(registry: Registry, path: Path, root: Path, folder: Path) -> Bench:
    """Return the bench of a suite whose tables leave the first split of its data set out.

    That is the one to choose on, test people and all: no table has its numbers.

    Raises:
        ValueError: the suite measures on that split too.
    """
    located = load_suite(path)
    suite = located.content
    if any(TO_CHOOSE_ON.items() <= it.options.items() for it in suite.targets):
        raise ValueError(f"{path} measures on {TO_CHOOSE_ON}: nothing may be chosen on it")
    target = suite.targets[0].model_copy(update={"options": TO_CHOOSE_ON})
    chosen = replace(located, content=suite.model_copy(update={"targets": (target,)}))
    protocol = find_protocol(suite.protocol, registry, path.parent)
    found = resolve(chosen, registry, root, protocol.input.size)
    store = Store(folder)
    return Bench(
        registry,
        found.targets[0],
        found.targets[0],
        found.backbones[0],
        protocol,
        store,
        PhaseContext(store, torch.device("cpu")),
        found.domains["source"],
        scenarios=suite.scenarios,
    )


def _as_it_is(data: Component[DatasetRecord]) -> ConfiguredData:
    return ConfiguredData(data, data.record.settings({}))


def _without_test_people(data: Component[DatasetRecord]) -> tuple[ConfiguredData, ConfiguredData]:
    """Return what to train on and whom to measure: spare people, or trained ones held out."""
    if "people" in data.record.options:
        spare = ConfiguredData(data, data.record.settings({"people": "spare"}))
        return _as_it_is(data), spare
    held_out = ConfiguredData(data, data.record.settings({}), evaluate="validation")
    return held_out, held_out
