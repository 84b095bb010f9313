"""Lays out a suite: resolves its names, and gives every point of its grid its phases."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal, TypeVar

from reidbench.document import Located
from reidbench.holdings import open_dataset
from reidbench.plan.nodes import (
    DATA_ROOT,
    Chosen,
    ChosenData,
    ChosenMethod,
    EvaluateNode,
    LoadNode,
    NotApplicable,
    PhaseNode,
    Plan,
    PruneNode,
    TrainNode,
    Trial,
)
from reidbench.plan.selection import select
from reidbench.plugins import Component, Registry, Shelf, UnknownComponent
from reidbench.protocol import Protocol, ProtocolError, load_protocol
from reidbench.records import OptionError
from reidbench.results import TrialId
from reidbench.suite import DatasetSpec, Domain, PhaseSpec, Suite

C = TypeVar("C", bound=Chosen)


# A word that backbones know, such as imagenet; whatever has a dot or a slash is a file.
_NAMES_A_WORD = re.compile(r"[A-Za-z0-9_-]+")


def make_plan(
    located: Located[Suite],
    registry: Registry,
    data_root: Path = DATA_ROOT,
    only: Sequence[str] = (),
) -> Plan:
    """Resolve a suite's names and lay out the trials that are selected.

    Lists of data sets on disk are read, as what they hold is part of a trial's key; no image is.

    Raises:
        DocumentError: a name no plugin declares, an option its component does not have or take, or
            a trial that stands in the grid twice.

    """
    suite = located.content
    try:
        protocol = load_protocol(suite.protocol)
    except ProtocolError as error:
        raise located.fault(("protocol",), str(error)) from error
    resolve = _Resolver(located, registry, data_root)
    backbones, targets, methods = resolve.backbones(), resolve.targets(), resolve.methods()
    domains = resolve.domains()
    _refuse_untrainable(located, protocol, domains.get("source"))
    points = [
        _Point(
            _Layout(
                protocol,
                name,
                phases,
                backbone,
                domains | {"target": target},
                resolve.weights(backbone, domains.get("source")),
                seed,
            ),
            method,
            reduction,
            (reduction,) if reduction else suite.reductions,
        )
        for (name, phases), (backbone, allowed), target, seed, method in product(
            suite.scenarios.items(), backbones, targets, suite.seeds, methods
        )
        if allowed is None or method.record.name in allowed
        for reduction in _reductions(suite, method)
    ]
    if only:
        points = select(points, only)
    apply = [point for point in points if point.why_not is None]
    trials = [point.layout.trial(point.method, point.reduction) for point in apply]
    _refuse_twins(located, trials)
    left_out = tuple(point.left_out() for point in points if point.why_not is not None)
    return Plan(suite, protocol, tuple(trials), left_out)


def _refuse_untrainable(
    located: Located[Suite], protocol: Protocol, source: ChosenData | None
) -> None:
    if source is None:
        return
    try:
        protocol.on(source.record.task)
    except ProtocolError as error:
        raise located.fault(("source",), str(error)) from error


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
    data_root: Path
    _open: dict[str, Any] = field(default_factory=dict)

    def backbones(self) -> list[tuple[Chosen, tuple[str, ...] | None]]:
        """Return each backbone, and the methods it is for, None for all."""
        shelf, specs = self.registry.backbones, self.located.content.backbones
        chosen = [
            self._chosen(shelf, spec.backbone, spec.options, ("backbones", i))
            for i, spec in enumerate(specs)
        ]
        return list(
            zip(self._distinct("backbones", chosen), [s.methods for s in specs], strict=True)
        )

    def targets(self) -> list[ChosenData]:
        specs = enumerate(self.located.content.targets)
        targets = [self._data(spec, ("targets", i)) for i, spec in specs]
        for index, target in enumerate(targets):
            self._searchable(target, ("targets", index))
        return self._distinct("targets", targets)

    def domains(self) -> dict[Domain, ChosenData]:
        """Return the source and the bridge, those of them that the suite names."""
        suite = self.located.content
        domains: dict[Domain, ChosenData] = {}
        if suite.source:
            domains["source"] = self._data(suite.source, ("source",))
        if suite.bridge:
            domains["bridge"] = self._data(suite.bridge, ("bridge",))
            self._searchable(domains["bridge"], ("bridge",))
        return domains

    def weights(self, backbone: Chosen, source: ChosenData | None) -> str | Path | None:
        """Return the published weights of a backbone; drawn images have none."""
        spec = self.located.content.source
        if spec is None or spec.weights is None or source is None or source.drawn:
            return None
        if not backbone.component.record.loader:
            message = f"'{backbone.label}' has no published weights: leave it, or them, out"
            raise self.located.fault(("source", "weights"), message)
        if _NAMES_A_WORD.fullmatch(spec.weights):
            return spec.weights
        file = spec.weights.replace("{backbone}", backbone.component.record.name)
        path = self.located.path.parent / file
        if not path.is_file():
            message = f"no such file: {path} ({{backbone}} stands for the backbone's name)"
            raise self.located.fault(("source", "weights"), message)
        return path

    def _searchable(self, data: ChosenData, where: tuple[str | int, ...]) -> None:
        if data.record.task != "re-id":
            message = f"'{data.label}' is for classification: it can be a source alone"
            raise self.located.fault(where, message)

    def _data(self, spec: DatasetSpec, where: tuple[str | int, ...]) -> ChosenData:
        chosen = self._chosen(self.registry.datasets, spec.dataset, spec.options, where)
        component, options = chosen.component, chosen.options
        held = None
        if component.record.disk is not None and component.record.disk.find(self.data_root):
            held = self._opened(component, options)
        return ChosenData(component, options, self.data_root, held, spec.complete)

    def _opened(self, component: Component[Any], options: Mapping[str, Any]) -> Any:
        # Once a plan: a suite names a set as its source and as a target.
        key = json.dumps([component.identity(), dict(options)], sort_keys=True)
        if key not in self._open:
            self._open[key] = open_dataset(component, options, self.data_root)
        return self._open[key]

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
        for swapped in ("strategy", "allocation") if record.prunes == "nothing" else ():
            if getattr(spec, swapped):
                message = f"'{spec.method}' removes nothing, and takes none: leave it out"
                raise self.located.fault(("methods", index, swapped), message)
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
    domains: Mapping[Domain, ChosenData]
    weights: str | Path | None
    seed: int

    @property
    def target(self) -> ChosenData:
        """Where every trial is measured."""
        return self.domains["target"]

    def trial(self, method: ChosenMethod, reduction: float) -> Trial:
        """Return the trial with its phases and measurements."""
        nodes = tuple(self._nodes(method, reduction))
        final = EvaluateNode(self.protocol, self.target, nodes[-1], "final")
        base, pruned = self._before(nodes, method)
        return Trial(self.id(method, reduction), method, self.used, nodes, base, pruned, final)

    def _nodes(self, method: ChosenMethod, reduction: float) -> Iterator[PhaseNode]:
        network: PhaseNode | None = None
        from_start = method.record.prunes == "initial"
        if from_start:
            # The slim network goes through the scenario's own phases, so budgets stay equal.
            network = self._prune(self.phases[0], None, method, reduction, None)
            yield network
        for index, phase in enumerate(self.phases):
            if phase.kind == "prune" and not from_start:
                joined = _joins(phase, method)
                network = self._prune(phase, network, method, reduction, "prune", joined=joined)
            elif index + 1 < len(self.phases) and _joins(self.phases[index + 1], method):
                continue
            else:
                # A slim network only trains, in prune phases too, each with its own budget.
                stretch = _stretch(method, reduction) if from_start else 1.0
                network = self._train(phase, network, stretch)
            yield network

    def _train(self, phase: PhaseSpec, network: PhaseNode | None, stretch: float) -> PhaseNode:
        common = (self.protocol, self.domains[phase.domain], self.backbone, self.seed, network)
        if network is None and phase.domain == "source" and self.weights is not None:
            return LoadNode(*common, None, self.weights)
        return TrainNode(*common, budget=phase.kind, stretch=stretch)

    def _prune(
        self,
        phase: PhaseSpec,
        network: PhaseNode | None,
        method: ChosenMethod,
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
        self, nodes: tuple[PhaseNode, ...], method: ChosenMethod
    ) -> tuple[EvaluateNode | None, EvaluateNode | None]:
        """Return what is measured before retraining: the base network, and the one just cut."""
        last = nodes[-1]
        # Only a network that ends on its pruning has a base on the same data to compare with.
        if not isinstance(last, PruneNode) or last.network is None:
            return None, None
        # One that pruned while training has seen no data of the target before.
        base = (
            None if last.joined else EvaluateNode(self.protocol, self.target, last.network, "final")
        )
        if method.record.prunes == "nothing":
            return base, None
        return base, EvaluateNode(self.protocol, self.target, last, "pruned")

    @property
    def used(self) -> dict[str, ChosenData]:
        """The data sets of the scenario's phases by domain, and the target."""
        words = {phase.domain for phase in self.phases} | {"target"}
        return {word: data for word, data in self.domains.items() if word in words}

    def id(self, method: ChosenMethod, reduction: float) -> TrialId:
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


def _joins(phase: PhaseSpec, method: ChosenMethod) -> bool:
    """Return whether a method prunes while the train phase before ``phase`` goes on."""
    return method.record.prunes == "trained" and method.strategy in phase.while_training


@dataclass(frozen=True)
class _Point:
    """A point of the grid: a layout, a method and a reduction, and where it is compared."""

    layout: _Layout
    method: ChosenMethod
    reduction: float
    compared_at: tuple[float, ...]

    @property
    def why_not(self) -> str | None:
        """Why the scenario does not apply to the method, None where it does."""
        scenario, strategy = self.layout.scenario, self.method.strategy
        ruled_out = any(strategy in phase.not_for for phase in self.layout.phases)
        if self.method.record.prunes != "trained" or not ruled_out:
            return None
        return f"the scenario '{scenario}' is not for {strategy} pruning"

    def left_out(self) -> NotApplicable:
        """Return the row of a method to which the scenario does not apply."""
        layout = self.layout
        parts = {"method": self.method, "backbone": layout.backbone, **layout.used}
        identity = layout.id(self.method, self.reduction)
        return NotApplicable(identity, parts, self.why_not or "", layout.protocol)

    @property
    def names(self) -> Mapping[str, frozenset[str]]:
        """What a selection may call the point, by kind."""
        layout = self.layout
        before = [data for word, data in layout.used.items() if word != "target"]
        return {
            "scenario": frozenset({layout.scenario}),
            "target": _names(layout.target),
            "method": _names(self.method),
            "backbone": _names(layout.backbone),
            "source": _names(*before),
            # What removes nothing is the reference of every reduction.
            "reduction": frozenset(f"{r:g}" for r in self.compared_at),
            "seed": frozenset({str(layout.seed)}),
        }


def _names(*chosen: Chosen) -> frozenset[str]:
    return frozenset(one.label for one in chosen)
