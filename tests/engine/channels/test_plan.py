"""A pruning plan is checked when it is made and survives JSON and composition."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.engine.channels import PlanError, PruningPlan
from tests.engine.channels.networks import dense


@st.composite
def plans(draw, sizes=None):
    names = st.text(min_size=1, max_size=5)
    sizes = sizes or draw(st.dictionaries(names, st.integers(1, 12), min_size=1, max_size=4))
    kept = {}
    for name, size in sizes.items():
        chosen = draw(st.sets(st.integers(0, size - 1), min_size=1))
        kept[name] = tuple(sorted(chosen))
    return PruningPlan(kept, sizes)


@given(plans())
def test_a_plan_survives_json(plan):
    assert PruningPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@given(st.data())
def test_composition_is_choosing_from_what_was_kept(data):
    first = data.draw(plans())
    second = data.draw(plans(first.widths))
    third = data.draw(plans(second.widths))
    both = first.then(second)
    assert both.sizes == first.sizes
    assert both.widths == second.widths
    for name in first.kept:
        assert set(both.kept[name]) <= set(first.kept[name])
    assert first.then(second.then(third)) == both.then(third)


@given(plans())
def test_a_plan_can_be_copied(plan):
    assert copy.deepcopy(plan) == plan


def test_composition_speaks_in_original_indices():
    first = PruningPlan({"a": (1, 3, 5)}, {"a": 6})
    assert first.then(PruningPlan({"a": (0, 2)}, {"a": 3})).kept == {"a": (1, 5)}


def test_a_plan_for_other_widths_cannot_follow():
    first = PruningPlan({"a": (1, 3, 5)}, {"a": 6})
    with pytest.raises(PlanError, match="already pruned"):
        first.then(PruningPlan({"a": (0,)}, {"a": 6}))


@pytest.mark.parametrize(
    ("kept", "sizes"),
    [
        ({"a": ()}, {"a": 3}),
        ({"a": (0, 0)}, {"a": 3}),
        ({"a": (2, 1)}, {"a": 3}),
        ({"a": (3,)}, {"a": 3}),
        ({"a": (-1,)}, {"a": 3}),
        ({"a": (0.0,)}, {"a": 3}),
        ({"a": (0,)}, {"b": 3}),
        ({"a": (0,)}, {}),
    ],
)
def test_contradictory_plans_are_refused_by_group(kept, sizes):
    with pytest.raises(PlanError, match="'a'"):
        PruningPlan(kept, sizes)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"groups": []},
        {"groups": {"a": {"size": 2}}},
        {"groups": {"a": {"size": 2, "kept": "01"}}},
        {"groups": {"a": {"size": True, "kept": [0]}}},
        {"groups": {}, "more": 1},
    ],
)
def test_json_that_is_no_plan_is_refused(data):
    with pytest.raises(PlanError):
        PruningPlan.from_json(data)


def test_a_plan_cannot_be_changed():
    plan = PruningPlan({"a": (0,)}, {"a": 3})
    with pytest.raises(TypeError):
        plan.kept["a"] = (1,)  # type: ignore[index]


def test_everything_keeps_everything():
    graph = dense("gated")[1]
    plan = PruningPlan.everything(graph)
    assert plan.widths == graph.widths
    assert plan.dropped == {}


def test_plans_graphs_and_the_solver_import_no_torch():
    code = (
        "import sys; from reidbench.engine.channels import budget, graph, plan;"
        "from reidbench.engine.channels import PruningPlan, solve;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
