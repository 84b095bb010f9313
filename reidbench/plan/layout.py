"""Lays out a suite: resolves its names, and gives every point of its grid its phases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, TypeVar

from reidbench.document import Located
from reidbench.plan.nodes import (
    Chosen,
    ChosenMethod,
    EvaluateNode,
    PhaseNode,
    Plan,
    PruneNode,
    TrainNode,
    Trial,
)
from reidbench.plugins import Registry, Shelf, UnknownComponent
from reidbench.protocol import Protocol, ProtocolError, load_protocol
from reidbench.records import OptionError
from reidbench.results import TrialId
from reidbench.suite import PhaseSpec, Suite

C = TypeVar("C", bound=Chosen)


def make_plan(located: Located[Suite], registry: Registry) -> Plan:
    """Resolve a suite's names and lay out its trials.

    Raises:
        DocumentError: a name no plugin declares, an option its component does not have or take, or
            a trial that stands in the grid twice.

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
    _refuse_twins(located, trials)
    return Plan(suite, protocol, tuple(trials))


def _refuse_twins(located: Located[Suite], trials: list[Trial]) -> None:
    """Refuse trials that would share one result file: the later would overwrite the earlier."""
    seen: dict[str, Trial] = {}
    for trial in trials:
        twin = seen.setdefault(trial.key, trial)
        if twin is not trial:
            raise located.fault((), f"{twin.id} and {trial.id} are one trial: leave one out")


def _reductions(suite: Suite, method: ChosenMethod) -> tuple[float, ...]:
    return (0.0,) if method.record.prunes == "nothing" else suite.reductions


@dataclass(frozen=True)
class _Resolver:
    """Looks up a suite's components, and points at the line of what it cannot find."""

    located: Located[Suite]
    registry: Registry

    def backbones(self) -> list[Chosen]:
        shelf = self.registry.backbones
        return self._distinct(
            "backbones",
            [
                self._chosen(shelf, spec.backbone, spec.options, ("backbones", i))
                for i, spec in enumerate(self.located.content.backbones)
            ],
        )

    def targets(self) -> list[Chosen]:
        shelf = self.registry.datasets
        return self._distinct(
            "targets",
            [
                self._chosen(shelf, spec.dataset, spec.options, ("targets", i))
                for i, spec in enumerate(self.located.content.targets)
            ],
        )

    def source(self) -> Chosen | None:
        spec = self.located.content.source
        if spec is None:
            return None
        return self._chosen(self.registry.datasets, spec.dataset, spec.options, ("source",))

    def methods(self) -> list[ChosenMethod]:
        specs = range(len(self.located.content.methods))
        indexed = [(i, method) for i in specs for method in self._grid(i)]
        return self._distinct("methods", [m for _, m in indexed], [i for i, _ in indexed])

    def _distinct(self, field: str, chosen: list[C], places: list[int] | None = None) -> list[C]:
        """Refuse entries that differ only in what they leave to the defaults.

        ``places`` says where in the suite each stands, if not one by one.
        """
        documents = [entry.document() for entry in chosen]
        where = places or list(range(len(chosen)))
        for index, document in enumerate(documents):
            first = documents.index(document)
            if first < index:
                message = f"is {field}.{where[first]} again, once its defaults are filled in"
                if where[first] == where[index]:
                    message = "names a strategy or an allocation twice"
                raise self.located.fault((field, where[index]), message)
        return chosen

    def _grid(self, index: int) -> Iterator[ChosenMethod]:
        """Yield a method once for each strategy and allocation that its entry lists."""
        spec = self.located.content.methods[index]
        chosen = self._chosen(self.registry.methods, spec.method, spec.options, ("methods", index))
        record = chosen.component.record
        strategies, allocations = spec.strategy or (None,), spec.allocation or (None,)
        for field in ("strategy", "allocation") if record.prunes == "nothing" else ():
            if getattr(spec, field):
                message = f"'{spec.method}' removes nothing, and takes none: leave it out"
                raise self.located.fault(("methods", index, field), message)
        if "own" in strategies and record.strategy != "own":
            message = f"'{spec.method}' has no schedule of its own; name one of the strategies"
            raise self.located.fault(("methods", index, "strategy"), message)
        for strategy, allocation in product(strategies, allocations):
            yield ChosenMethod(
                chosen.component,
                chosen.options,
                strategy or record.strategy,
                allocation or record.allocation,
            )

    def _chosen(
        self, shelf: Shelf[Any], name: str, options: Mapping[str, Any], where: tuple[str | int, ...]
    ) -> Chosen:
        try:
            component = shelf.get(name)
        except UnknownComponent as error:
            raise self.located.fault(where, str(error)) from error
        for option, value in options.items():
            # One at a time, so that the error points at the option's own line.
            try:
                component.record.settings({option: value})
            except OptionError as error:
                raise self.located.fault((*where, "options", option), str(error)) from error
        return Chosen(component, component.record.settings(options))


def _stretch(method: ChosenMethod, reduction: float) -> float:
    """Return how many times longer a slim network trains: its control's budget rule.

    For the dense network's compute, epochs grow with 1 / (1 - reduction), at most twofold (Liu et
    al. 2019, Scratch-B).
    """
    return min(2.0, 1 / (1 - reduction)) if method.record.budget == "compute" else 1.0


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
                    # A slim network only trains, in prune phases too, each with its own budget.
                    budget=phase.kind,
                    stretch=_stretch(method, reduction) if from_start else 1.0,
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

    @property
    def _uses_source(self) -> bool:
        return any(phase.domain == "source" for phase in self.phases)

    def _data(self, phase: PhaseSpec) -> Chosen:
        if phase.domain == "target":
            return self.target
        assert self.source is not None  # the suite's own validation
        return self.source

    def _id(self, method: ChosenMethod, reduction: float) -> TrialId:
        return TrialId(
            scenario=self.scenario,
            backbone=self.backbone.label,
            source=self.source.label if self.source and self._uses_source else None,
            target=self.target.label,
            method=method.label,
            strategy=method.strategy,
            allocation=method.allocation,
            control=method.record.control,
            reduction=reduction,
            seed=self.seed,
        )
