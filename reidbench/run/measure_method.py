"""Measures what a method costs: a ranking, and a whole prune phase without its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from reidbench.api.records import MethodRecord
from reidbench.cards.costs import Cost, MeasuringConditions
from reidbench.config.protocol import Protocol
from reidbench.engine.device import Device, thread_count, torch_version
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.prune import begin_prune
from reidbench.engine.pruning.phase import Pruning
from reidbench.errors import ReidbenchError, named_line, one_line
from reidbench.interrupts import fault_of
from reidbench.plan import Configured, ConfiguredData, ConfiguredMethod, PruneNode
from reidbench.plugins import Component
from reidbench.store.provenance import collect


@dataclass(frozen=True)
class MeasurementSetup:
    """What every method is measured on; weights are untrained, which costs the same."""

    protocol: Protocol
    backbone: Configured
    data: ConfiguredData
    reduction: float = 0.5


def measure(
    component: Component[MethodRecord], on: MeasurementSetup, context: PhaseContext
) -> Cost:
    """Measure a method at its defaults; an activity that fails has no seconds, but a reason."""
    record = component.record
    cost = Cost(method=record.name, version=record.version, setting=setting(on, context.device))
    if record.prunes == "nothing":
        return cost.model_copy(update={"problem": "it keeps every channel"})
    node = _node(component, on)
    for activity in (_warm_up, _ranking, _cut):
        cost = cost.model_copy(update=_tried(activity, node, context, cost.problem))
    return cost


def setting(on: MeasurementSetup, device: Device) -> MeasuringConditions:
    """Return what is measured, and on what."""
    size, rules = on.protocol.input, on.protocol.pruning
    hardware = collect()["hardware"]
    return MeasuringConditions(
        protocol=on.protocol.name,
        backbone=on.backbone.label,
        height=size.height,
        width=size.width,
        scope=rules.scope,
        data=on.data.label,
        images=rules.calibration.images,
        reduction=on.reduction,
        device=device.type,
        hardware=hardware["cpu" if device.type == "cpu" else "gpu"] or "unknown hardware",
        threads=thread_count(),
        torch=torch_version(),
    )


def _node(component: Component[MethodRecord], on: MeasurementSetup) -> PruneNode:
    record = component.record
    method = ConfiguredMethod(component, record.settings({}), record.strategy, record.allocation)
    # Without a budget the phase has no steps: it is a cut alone, whatever the strategy.
    return PruneNode(on.protocol, on.data, on.backbone, 0, None, None, method, on.reduction)


def _tried(
    activity: Callable[[Pruning], dict[str, Any]],
    node: PruneNode,
    context: PhaseContext,
    before: str,
) -> dict[str, Any]:
    """Return the seconds of an activity in a phase of its own, or why there are none."""
    done: list[dict[str, Any]] = []
    error = fault_of(lambda: done.append(activity(begin_prune(node, context))))
    if error is None:
        return done[0]
    # As in a suite, what a method raises stops no other method.
    reason = one_line(error) if isinstance(error, ReidbenchError) else named_line(error)
    # A cut mostly fails for the reason that its ranking failed.
    return {"problem": "; ".join(dict.fromkeys(filter(None, (before, reason))))}


def _warm_up(phase: Pruning) -> dict[str, Any]:
    # The first pass of a process allocates memory and selects kernels: no cost of a method.
    phase.prunable.recalibrated()
    return {}


def _ranking(phase: Pruning) -> dict[str, Any]:
    start = perf_counter()
    phase.prunable.recalibrated()
    recalibration = perf_counter() - start
    phase.rank()
    return {
        "recalibration": round(recalibration, 3),
        "ranking": round(phase.stopwatch.seconds["ranking"], 3),
    }


def _cut(phase: Pruning) -> dict[str, Any]:
    start = perf_counter()
    phase.run()
    total = perf_counter() - start
    phase.verify()
    parts = {name: round(value, 3) for name, value in phase.stopwatch.seconds.items()}
    parts.pop("training", None)
    return {"cut": round(total, 3), "parts": parts}
