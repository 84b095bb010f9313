"""Costs are those of real prune phases, and a method that cannot do it gets a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from reidbench.cards.costs import Cost
from reidbench.engine.phases.context import PhaseContext
from reidbench.run.measure_method import MeasurementSetup, measure, setting
from reidbench.store import Store
from tests.cards.builders import component
from tests.engine.phases.world import CPU, TINY, TINYNET, protocol

ON = MeasurementSetup(protocol(), TINYNET, TINY)


@pytest.fixture(autouse=True)
def tiny(tiny_registry: object) -> Iterator[None]:
    """Make the tiny plugin importable."""
    yield


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> PhaseContext:
    return PhaseContext(Store(tmp_path_factory.mktemp("store")), CPU)


@pytest.mark.parametrize(
    "strategy", ["one-shot", "iterative", "progressive", "regularised", "layerwise"]
)
def test_a_ranking_and_a_whole_cut_are_measured_under_every_strategy(
    context: PhaseContext, strategy: str
) -> None:
    cost = measure(component("Presses", strategy=strategy), ON, context)
    assert cost.problem == ""
    assert cost.ranking and cost.recalibration and cost.cut
    assert {"ranking", "cutting"} <= set(cost.parts)
    assert sum(cost.parts.values()) <= cost.cut + 0.01


def test_nothing_is_trained(context: PhaseContext) -> None:
    steps: list[int] = []
    listening = PhaseContext(context.store, CPU, lambda done, total, note: steps.append(done))
    measure(component("Presses", strategy="regularised"), ON, listening)
    assert steps == []


def test_what_a_method_changes_of_torch_ends_with_its_measuring(context: PhaseContext) -> None:
    cost = measure(component("Careless"), ON, context)
    assert "method 'squeeze' changed the recording of gradients" in cost.problem
    assert torch.is_grad_enabled()


def test_nothing_is_left_in_the_store_but_images(tmp_path: Path) -> None:
    store = Store(tmp_path)
    measure(component("Squeeze"), ON, PhaseContext(store, CPU))
    assert [store.meta(key)["kind"] for key in store.artefacts()] == ["pixels"]


def test_a_cost_says_what_was_measured_on_what(context: PhaseContext) -> None:
    cost = measure(component("Draws", version="7"), ON, context)
    assert (cost.method, cost.version, cost.setting) == ("squeeze", "7", setting(ON, CPU))
    said = cost.setting
    assert (said.backbone, said.data, said.height, said.width) == ("tinynet", "tiny", 32, 16)
    assert (said.images, said.scope, said.device) == (32, "inner", "cpu")
    assert said.hardware and said.torch and said.threads >= 1


@pytest.mark.parametrize(
    ("target", "changes", "problem"),
    [
        ("KeepsAll", {"prunes": "nothing"}, "it keeps every channel"),
        ("Cannot", {}, "RuntimeError: no score for block1.conv1"),
        ("Leaves", {}, "SystemExit: 3"),
        ("Absent", {}, "cannot be imported"),
        ("Squeeze", {"options": {"unknown": 1}}, "unexpected keyword argument 'unknown'"),
    ],
)
def test_a_method_that_cannot_be_measured_gets_a_reason(
    context: PhaseContext, target: str, changes: dict[str, object], problem: str
) -> None:
    cost = measure(component(target, **changes), ON, context)
    assert problem in cost.problem and cost.problem.count(problem) == 1
    assert (cost.ranking, cost.cut) == (None, None)
    assert Cost.model_validate_json(cost.model_dump_json()) == cost


def test_what_a_method_can_do_is_measured_though_its_cut_fails(context: PhaseContext) -> None:
    cost = measure(component("OffTarget", strategy="own"), ON, context)
    assert cost.ranking and cost.cut is None
    assert "the target is 0.5000" in cost.problem
