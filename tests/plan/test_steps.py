"""What a scenario's phases mean for a method, step by step."""

from __future__ import annotations

import pytest

from reidbench.config.suite import PhaseSpec
from reidbench.plan import ConfiguredMethod
from reidbench.plan.steps import Step, steps_of
from reidbench.plugins import Registry

TRAIN = Step("train", "target", "train")
PRUNE = Step("prune", "target", "prune")
PHASES = (
    PhaseSpec(train="source"),
    PhaseSpec(prune="source", share=0.5),
    PhaseSpec(train="target"),
    PhaseSpec(prune="target", while_training=("progressive",)),
)


def method(registry: Registry, name: str, strategy: str = "one-shot") -> ConfiguredMethod:
    return ConfiguredMethod(registry.methods.get(name), {}, strategy, "uniform")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["l1", "dense"])
def test_each_phase_is_a_step_with_its_budget_and_share(tiny_registry: Registry, name: str) -> None:
    assert steps_of(PHASES, method(tiny_registry, name), weights=False) == [
        Step("train", "source", "train"),
        Step("prune", "source", "prune", share=0.5),
        TRAIN,
        PRUNE,
    ]


def test_a_strategy_that_prunes_while_it_trains_merges_two_phases(tiny_registry: Registry) -> None:
    *before, last = steps_of(PHASES, method(tiny_registry, "l1", "progressive"), weights=False)
    assert [step.domain for step in before] == ["source", "source"]
    assert last == Step("prune", "target", "prune", joined=True)


@pytest.mark.parametrize("strategy", ["one-shot", "progressive"])
def test_weights_replace_the_first_training_and_are_never_merged(
    tiny_registry: Registry, strategy: str
) -> None:
    phases = (PHASES[0], PhaseSpec(prune="source", while_training=("progressive",)), PHASES[2])
    assert steps_of(phases, method(tiny_registry, "l1", strategy), weights=True) == [
        Step("load", "source", None),
        Step("prune", "source", "prune"),
        TRAIN,
    ]


def test_weights_replace_no_training_on_the_target(tiny_registry: Registry) -> None:
    phases = (PHASES[2], PhaseSpec(prune="target"))
    assert steps_of(phases, method(tiny_registry, "l1"), weights=True) == [TRAIN, PRUNE]


def test_a_slim_network_is_cut_at_the_start_and_then_only_trains(tiny_registry: Registry) -> None:
    cut, *rest = steps_of(PHASES, method(tiny_registry, "scratch"), weights=True)
    assert cut == Step("prune", "source", None)
    assert [(step.kind, step.budget) for step in rest] == [
        ("train", "train"),
        ("train", "prune"),
        ("train", "train"),
        ("train", "prune"),
    ]
