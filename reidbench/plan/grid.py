"""Turns a suite into its plan: every point of its grid, or those that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from reidbench.config.protocol import Protocol, ProtocolError, load_protocol
from reidbench.config.suite import Suite
from reidbench.config.yaml_document import Located
from reidbench.plan.components import DATA_ROOT, Configured, ConfiguredData, ConfiguredMethod
from reidbench.plan.resolve import Resolver
from reidbench.plan.selection import select
from reidbench.plan.trial_builder import TrialBuilder
from reidbench.plan.trials import NotApplicable, Plan, Trial
from reidbench.plugins import Registry


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
    resolve = Resolver(located, registry, data_root)
    backbones, targets, methods = resolve.backbones(), resolve.targets(), resolve.methods()
    domains = resolve.domains()
    weights = [resolve.weights(backbone, domains.get("source")) for backbone, _ in backbones]
    _refuse_untrainable(located, protocol, domains.get("source"))
    points = [
        Point(
            TrialBuilder(
                protocol,
                name,
                phases,
                backbone,
                domains | {"target": target},
                published,
                seed,
            ),
            method,
            reduction,
            (reduction,) if reduction else suite.reductions,
        )
        for (name, phases), ((backbone, allowed), published), target, seed, method in product(
            suite.scenarios.items(),
            list(zip(backbones, weights, strict=True)),
            targets,
            suite.seeds,
            methods,
        )
        if allowed is None or method.record.name in allowed
        for reduction in _reductions(suite, method)
    ]
    if only:
        points = select(points, only)
    apply = [point for point in points if point.why_not is None]
    trials = [point.builder.trial(point.method, point.reduction) for point in apply]
    _refuse_twins(located, trials)
    left_out = tuple(point.left_out() for point in points if point.why_not is not None)
    return Plan(suite, protocol, tuple(trials), left_out)


def _refuse_untrainable(
    located: Located[Suite], protocol: Protocol, source: ConfiguredData | None
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


def _reductions(suite: Suite, method: ConfiguredMethod) -> tuple[float, ...]:
    return (0.0,) if method.record.prunes == "nothing" else suite.reductions


@dataclass(frozen=True)
class Point:
    """A point of the grid: a builder, a method and a reduction, and where it is compared."""

    builder: TrialBuilder
    method: ConfiguredMethod
    reduction: float
    compared_at: tuple[float, ...]

    @property
    def why_not(self) -> str | None:
        """Why the scenario does not apply to the method, None where it does."""
        scenario, strategy = self.builder.scenario, self.method.strategy
        ruled_out = any(strategy in phase.not_for for phase in self.builder.phases)
        if self.method.record.prunes != "trained" or not ruled_out:
            return None
        return f"the scenario '{scenario}' is not for {strategy} pruning"

    def left_out(self) -> NotApplicable:
        """Return the row of a method to which the scenario does not apply."""
        builder = self.builder
        parts = {"method": self.method, "backbone": builder.backbone, **builder.used}
        identity = builder.id(self.method, self.reduction)
        return NotApplicable(identity, parts, self.why_not or "", builder.protocol)

    @property
    def names(self) -> Mapping[str, frozenset[str]]:
        """What a selection may call the point, by kind."""
        builder = self.builder
        before = [data for word, data in builder.used.items() if word != "target"]
        return {
            "scenario": frozenset({builder.scenario}),
            "target": _names(builder.target),
            "method": _names(self.method),
            "backbone": _names(builder.backbone),
            "source": _names(*before),
            # What removes nothing is the reference of every reduction.
            "reduction": frozenset(f"{r:g}" for r in self.compared_at),
            "seed": frozenset({str(builder.seed)}),
        }


def _names(*chosen: Configured) -> frozenset[str]:
    return frozenset(one.label for one in chosen)
