"""Lays out a trial: which phases a scenario means for a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reidbench.config.protocol import Protocol
from reidbench.config.suite import Domain, PhaseSpec
from reidbench.plan.components import Configured, ConfiguredData, ConfiguredMethod
from reidbench.plan.nodes import EvaluateNode, LoadNode, PhaseNode, PruneNode, TrainNode
from reidbench.plan.trials import Trial
from reidbench.results import TrialId


@dataclass(frozen=True)
class TrialBuilder:
    """Lays the phases of a scenario for one backbone, target and seed."""

    protocol: Protocol
    scenario: str
    phases: tuple[PhaseSpec, ...]
    backbone: Configured
    domains: Mapping[Domain, ConfiguredData]
    weights: str | Path | None
    seed: int

    @property
    def target(self) -> ConfiguredData:
        """Where every trial is measured."""
        return self.domains["target"]

    def trial(self, method: ConfiguredMethod, reduction: float) -> Trial:
        """Return the trial with its phases and measurements."""
        nodes = tuple(self._nodes(method, reduction))
        final = EvaluateNode(self.protocol, self.target, nodes[-1], "final")
        base, pruned = self._before(nodes, method)
        return Trial(self.id(method, reduction), method, self.used, nodes, base, pruned, final)

    def _nodes(self, method: ConfiguredMethod, reduction: float) -> Iterator[PhaseNode]:
        network: PhaseNode | None = None
        from_start = method.record.prunes == "initial"
        if from_start:
            # The slim network goes through the scenario's own phases, so budgets stay equal.
            network = self._prune(self.phases[0], None, method, reduction, None)
            yield network
        skipped = False
        for index, phase in enumerate(self.phases):
            following = self.phases[index + 1 : index + 2]
            if phase.kind == "prune" and not from_start:
                network = self._prune(phase, network, method, reduction, "prune", joined=skipped)
            elif any(_joins(after, method) for after in following) and not self._loads(
                phase, network
            ):
                skipped = True
                continue
            else:
                # A slim network only trains, in prune phases too, each with its own budget.
                stretch = _stretch(method, reduction) if from_start else 1.0
                network = self._train(phase, network, stretch)
            skipped = False
            yield network

    def _loads(self, phase: PhaseSpec, network: PhaseNode | None) -> bool:
        """Return whether published weights stand for a phase: the first, on the source."""
        return network is None and phase.domain == "source" and self.weights is not None

    def _train(self, phase: PhaseSpec, network: PhaseNode | None, stretch: float) -> PhaseNode:
        common = (self.protocol, self.domains[phase.domain], self.backbone, self.seed, network)
        if self._loads(phase, network):
            assert self.weights is not None
            return LoadNode(*common, None, self.weights)
        return TrainNode(*common, budget=phase.kind, stretch=stretch)

    def _prune(
        self,
        phase: PhaseSpec,
        network: PhaseNode | None,
        method: ConfiguredMethod,
        reduction: float,
        budget: Literal["prune"] | None,
        *,
        joined: bool = False,
    ) -> PruneNode:
        return PruneNode(
            self.protocol,
            self.domains[phase.domain],
            self.backbone,
            self.seed,
            network,
            budget,
            method,
            # A slim network is cut to the whole reduction before its first phase.
            reduction if budget is None else phase.share * reduction,
            joined=joined,
        )

    def _before(
        self, nodes: tuple[PhaseNode, ...], method: ConfiguredMethod
    ) -> tuple[EvaluateNode | None, EvaluateNode | None]:
        """Return what is measured before retraining: the base network, and the one just cut."""
        last = nodes[-1]
        # Only a network that ends on its pruning has a base on the same data to compare with.
        if not isinstance(last, PruneNode) or (last.network is None and not last.joined):
            return None, None
        # One that pruned while training has no base on the target: it never was there whole.
        base = None
        if last.network is not None and not last.joined:
            base = EvaluateNode(self.protocol, self.target, last.network, "final")
        if method.record.prunes == "nothing":
            return base, None
        return base, EvaluateNode(self.protocol, self.target, last, "pruned")

    @property
    def used(self) -> dict[str, ConfiguredData]:
        """The data sets of the scenario's phases by domain, and the target."""
        words = {phase.domain for phase in self.phases} | {"target"}
        return {word: data for word, data in self.domains.items() if word in words}

    def id(self, method: ConfiguredMethod, reduction: float) -> TrialId:
        """Return what is tried."""
        before = [data.label for word, data in self.used.items() if word != "target"]
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


def _joins(phase: PhaseSpec, method: ConfiguredMethod) -> bool:
    """Return whether a method prunes while the train phase before ``phase`` goes on."""
    return method.record.prunes == "trained" and method.strategy in phase.while_training


def _stretch(method: ConfiguredMethod, reduction: float) -> float:
    """Return how many times longer a slim network trains: its control's budget rule.

    For the dense network's compute, epochs grow with 1 / (1 - reduction), at most twofold (Liu et
    al. 2019, Scratch-B).
    """
    return min(2.0, 1 / (1 - reduction)) if method.record.budget == "compute" else 1.0
