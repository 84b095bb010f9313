"""What is measured of a regime: one network a case, the most telling ones first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

SEEDS = (0, 1, 2, 3, 4)
CURVE_EPOCHS = (2, 5, 10, 20)
CURVE_METHODS = ("l1", "taylor", "slimming", "psfp", "thinet")
REDUCTIONS = (0.5, 0.75)

QUESTIONS = ("base", "curve", "scenarios", "scratch-b", "seeds", "source", "threads")
SOURCED_SEEDS = (0, 1, 2)
SOURCED_CURVE = (0.25, 0.5, 1.0, 1.5)
SOURCED_CURVE_METHODS = ("l1", "taylor", "psfp")
PRETRAINED_CURVE = (0.5, 1.0, 1.5)
LONGER = 1.5
FINE_TUNED = "scenario-3"
"""The scenario whose networks have learned the target before they are pruned."""


@dataclass(frozen=True)
class Case:
    """One network to measure.

    ``question`` is which line of docs/protocols.md it answers; ``source``, ``train`` and ``prune``
    multiply the protocol's epochs on the source, and of train and prune phases on the target;
    ``method`` is None for the dense network that no prune phase has had.
    """

    question: str
    method: str | None = None
    reduction: float = 0.0
    seed: int = 0
    train: float = 1.0
    prune: float = 1.0
    threads: int = 1
    scenario: str = "target-only"
    source: float = 1.0


def case_of(line: dict[str, Any]) -> Case:
    """Return the case of a line of the log; older lines lack what is the same for all of them."""
    names = {field.name for field in fields(Case)}
    return Case(**{name: value for name, value in line.items() if name in names})


def cases(prune_epochs: float) -> Iterator[Case]:
    """Yield every case of a protocol whose networks train on the target alone."""
    yield Case("base")
    yield Case("base", train=LONGER)
    yield Case("base", method="dense")
    for reduction in REDUCTIONS:
        yield Case("scratch-b", method="scratch-b", reduction=reduction)
    for seed in SEEDS:
        yield Case("seeds", seed=seed)
        yield Case("seeds", method="l1", reduction=0.5, seed=seed)
    yield Case("threads", threads=2)
    yield Case("threads", method="l1", reduction=0.5, threads=2)
    for epochs in CURVE_EPOCHS:
        for reduction in REDUCTIONS:
            for method in CURVE_METHODS:
                yield Case("curve", method, reduction, prune=epochs / prune_epochs)


def sourced_cases() -> Iterator[Case]:
    """Yield every case of a protocol whose networks learn a source first: the paper's scenarios."""
    yield Case("source", scenario="source-only")
    yield Case("base", scenario=FINE_TUNED)
    yield Case("base", "dense", scenario=FINE_TUNED)
    yield Case("base", "dense", scenario="scenario-4")
    yield Case("base", scenario=FINE_TUNED, train=LONGER)
    yield Case("source", scenario="source-only", source=LONGER)
    yield Case("base", scenario=FINE_TUNED, source=LONGER)
    yield Case("base", scenario="target-only")
    yield Case("source", "dense", scenario="source-only")
    yield Case("base", "dense", scenario="scenario-1")
    for reduction in REDUCTIONS:
        for number in (1, 2, 3, 4):
            yield Case("scenarios", "l1", reduction, scenario=f"scenario-{number}")
    yield Case("scratch-b", "scratch-b", 0.5, scenario=FINE_TUNED)
    for seed in SOURCED_SEEDS:
        yield Case("seeds", seed=seed, scenario=FINE_TUNED)
        yield Case("seeds", "l1", 0.5, seed=seed, scenario=FINE_TUNED)
    for prune in SOURCED_CURVE:
        for reduction in REDUCTIONS:
            for method in SOURCED_CURVE_METHODS:
                yield Case("curve", method, reduction, prune=prune, scenario=FINE_TUNED)


def pretrained_cases() -> Iterator[Case]:
    """Yield every case of a protocol whose networks start from published weights."""
    yield Case("base", scenario=FINE_TUNED)
    yield Case("base", "dense", scenario=FINE_TUNED)
    yield Case("base", scenario=FINE_TUNED, train=LONGER)
    yield Case("base", "dense", scenario="scenario-4")
    for reduction in REDUCTIONS:
        for scenario in (FINE_TUNED, "scenario-4"):
            yield Case("scenarios", "l1", reduction, scenario=scenario)
    for prune in PRETRAINED_CURVE:
        for reduction in REDUCTIONS:
            yield Case("curve", "l1", reduction, prune=prune, scenario=FINE_TUNED)
