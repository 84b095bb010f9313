"""Builds trials: the phases and measurements of a scenario for each method and reduction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reidbench.config.protocol import Protocol
from reidbench.config.suite import Domain, PhaseSpec
from reidbench.plan.components import ConfiguredBackbone, ConfiguredData, ConfiguredMethod
from reidbench.plan.nodes import (
    EvaluateNode,
    LoadNode,
    PhaseNode,
    PruneNode,
    TrainNode,
    stand_for,
    weights_label,
)
from reidbench.plan.steps import Step, steps_of
from reidbench.plan.trials import NotApplicable, Trial
from reidbench.results import TrialId


@dataclass(frozen=True, kw_only=True)
class TrialBuilder:
    """Builds the trials of one scenario, backbone, target and seed."""

    protocol: Protocol
    scenario: str
    phases: tuple[PhaseSpec, ...]
    backbone: ConfiguredBackbone
    domains: Mapping[Domain, ConfiguredData]
    seed: int

    @property
    def target(self) -> ConfiguredData:
        """The data set that every trial is measured on."""
        return self.domains["target"]

    @cached_property
    def data(self) -> dict[str, ConfiguredData]:
        """The data sets of the scenario's phases by domain, and the target."""
        used = {phase.domain for phase in self.phases} | {"target"}
        return {domain: data for domain, data in self.domains.items() if domain in used}

    def row(self, method: ConfiguredMethod, reduction: float) -> Trial | NotApplicable:
        """Return the trial of a method, or the row that says why there is none."""
        strategy, identity = method.strategy, self._id(method, reduction)
        nodes = self._nodes(method, reduction)
        excluded = any(strategy in phase.not_for for phase in self.phases)
        if method.record.prunes == "trained" and excluded:
            why = f"the scenario '{self.scenario}' is not for {strategy} pruning"
            return NotApplicable(
                identity, method, self.backbone, self.data, nodes[0], why, self.protocol
            )
        final = EvaluateNode(self.protocol, self.target, nodes[-1], "final")
        base, pruned = self._before(nodes[-1], method)
        return Trial(identity, method, self.data, tuple(nodes), base, pruned, final)

    def _nodes(self, method: ConfiguredMethod, reduction: float) -> list[PhaseNode]:
        weights = self.backbone.weights is not None
        nodes: list[PhaseNode] = []
        for step in steps_of(self.phases, method, weights=weights):
            nodes.append(self._node(step, nodes[-1] if nodes else None, method, reduction))
        return nodes

    def _node(
        self, step: Step, network: PhaseNode | None, method: ConfiguredMethod, reduction: float
    ) -> PhaseNode:
        data = self.domains[step.domain]
        common = (self.protocol, data, self.backbone, self.seed, network, step.budget)
        if step.kind == "load":
            assert self.backbone.weights is not None
            return LoadNode(*common, self.backbone.weights)
        if step.kind == "train":
            return TrainNode(*common, stretch=_stretch(method, reduction))
        return PruneNode(*common, method, step.share * reduction, joined=step.joined)

    def _before(
        self, last: PhaseNode, method: ConfiguredMethod
    ) -> tuple[EvaluateNode | None, EvaluateNode | None]:
        """Return the measurements before retraining: of the base network, and right after the cut.

        Only a network that ends on its pruning has a base on the same data to compare with.
        """
        if not isinstance(last, PruneNode) or (last.network is None and not last.joined):
            return None, None
        base = pruned = None
        # One that pruned while it trained was never whole on the target.
        if last.network is not None and not last.joined:
            base = EvaluateNode(self.protocol, self.target, last.network, "final")
        if method.record.prunes != "nothing":
            pruned = EvaluateNode(self.protocol, self.target, last, "pruned")
        return base, pruned

    def _id(self, method: ConfiguredMethod, reduction: float) -> TrialId:
        before = [
            self._source(method) if domain == "source" else data.label
            for domain, data in self.data.items()
            if domain != "target"
        ]
        return TrialId(
            scenario=self.scenario,
            backbone=self.backbone.label,
            source=" → ".join(before) or None,
            target=self.target.label,
            method=method.label,
            strategy=method.strategy,
            allocation=method.allocation,
            control=method.record.control,
            reduction=reduction,
            seed=self.seed,
        )

    def _source(self, method: ConfiguredMethod) -> str:
        """Return what a trial's network learned first: the data set, or weights of another."""
        weights, source = self.backbone.weights, self.domains["source"]
        if weights is None or stand_for(weights, source.record.name):
            return source.label
        steps = steps_of(self.phases, method, weights=True)
        loads = any(step.kind == "load" for step in steps)
        return weights_label(weights) if loads else source.label


def _stretch(method: ConfiguredMethod, reduction: float) -> float:
    """Return how many times longer a slim network trains: its control's budget rule.

    For the dense network's compute, epochs grow with 1 / (1 - reduction), at most twofold (Liu et
    al. 2019, Scratch-B).
    """
    return min(2.0, 1 / (1 - reduction)) if method.record.budget == "compute" else 1.0
