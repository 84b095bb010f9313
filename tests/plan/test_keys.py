"""A key changes with whatever decides a number, and with nothing else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.plugins import Catalogue, Component, Registry
from tests.plan.conftest import SCENARIO, only, plan

CHANGES: dict[str, dict[str, Any]] = {
    "protocol": {"protocol": "mini/1"},
    "backbone": {"backbones": ["resnet18"]},
    "an option of the backbone": {"backbones": [{"backbone": "tinynet", "options": {"width": 8}}]},
    "data": {"targets": ["synthped-quick"]},
    "an option of the data": {"targets": [{"dataset": "tiny", "options": {"palette": 1}}]},
    "method": {"methods": ["l1"]},
    "an option of the method": {"methods": [{"method": "tiny-norm", "options": {"power": 2.0}}]},
    "strategy": {"methods": [{"method": "tiny-norm", "strategy": "iterative"}]},
    "allocation": {"methods": [{"method": "tiny-norm", "allocation": "global"}]},
    "reduction": {"reductions": [0.25]},
    "seed": {"seeds": [1]},
    "phases": {"scenarios": {"target-only": [{"prune": "target"}]}},
}
ONLY_THE_PRUNING = {
    "method",
    "an option of the method",
    "strategy",
    "allocation",
    "reduction",
    "phases",
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_decides_a_number_changes_the_key(
    folder: Path, tiny_registry: Registry, what: str
) -> None:
    before = only(folder, tiny_registry)
    after = only(folder, tiny_registry, **CHANGES[what])
    assert before.key != after.key
    assert before.final.key != after.final.key
    if what not in ONLY_THE_PRUNING:
        assert before.phases[0].key != after.phases[0].key


@pytest.mark.parametrize(
    ("kind", "index"), [("methods", 1), ("backbones", 0), ("datasets", 0)], ids=str
)
def test_a_new_version_of_a_component_changes_the_key(
    folder: Path, tiny_registry: Registry, kind: str, index: int
) -> None:
    catalogue: Catalogue[Any] = getattr(tiny_registry, kind)
    newer = Catalogue(
        catalogue.kind,
        [
            Component(_with_version(c.record, "2"), c.owner) if c.owner.name == "tiny" else c
            for c in catalogue.components
        ],
    )
    registry = Registry(**{**vars(tiny_registry), kind: newer})
    before, after = only(folder, tiny_registry), only(folder, registry)
    assert before.phases[index].key != after.phases[index].key
    assert (before.phases[0].key == after.phases[0].key) is (kind == "methods")


def _with_version(record: Any, version: str) -> Any:
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return type(record)(**{**fields, "version": version})


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"summary": "Whatever."},
        {"scenarios": {"renamed": SCENARIO}},
        {"methods": [{"method": "tiny-norm", "strategy": "one-shot"}]},  # its default
        {"methods": [{"method": "tiny-norm", "options": {"power": 1}}]},  # its default
        {"backbones": [{"backbone": "tinynet", "options": {"width": 96}}]},
    ],
)
def test_names_and_written_out_defaults_change_no_key(
    folder: Path, tiny_registry: Registry, changes: dict[str, Any]
) -> None:
    assert only(folder, tiny_registry).key == only(folder, tiny_registry, **changes).key


GRID = {
    "methods": ["dense", "scratch", "l1", "taylor", "tiny-norm"],
    "reductions": [0.25, 0.5, 0.75],
    "seeds": [0, 1, 2],
}


@given(st.randoms(use_true_random=False), st.data())
@settings(max_examples=25)
def test_a_trials_key_depends_neither_on_its_neighbours_nor_on_their_order(
    folder: Path, tiny_registry: Registry, shuffled: random.Random, data: st.DataObject
) -> None:
    whole = {str(t.id): t.key for t in plan(folder, tiny_registry, **GRID).trials}
    part = {
        field: data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True), label=field)
        for field, values in GRID.items()
    }
    for values in part.values():
        shuffled.shuffle(values)
    for trial in plan(folder, tiny_registry, **part).trials:
        assert trial.key == whole[str(trial.id)]


def test_no_two_trials_share_a_key(folder: Path, tiny_registry: Registry) -> None:
    made = plan(folder, tiny_registry, **GRID)
    assert len({trial.key for trial in made.trials}) == len(made.trials)


def test_a_published_key_stays_what_it_is(folder: Path, tiny_registry: Registry) -> None:
    """Where this fails without a change of numbers, every stored phase would be made again."""
    trial = only(folder, tiny_registry)
    assert trial.key == "ceb172ea66f33a63"
    assert [node.key for node in trial.nodes] == [
        "39cc9930b5c3889a",
        "1bf5b374765a53fb",
        "73fb499f849c25ce",
        "89c0c16e0c3dd99f",
        "34316b14088623cc",
    ]


def test_two_thousand_trials_are_planned_in_a_few_seconds(
    folder: Path, tiny_registry: Registry
) -> None:
    made = plan(
        folder,
        tiny_registry,
        methods=["l1", "fpgm", "taylor", "psfp"],
        reductions=[0.3, 0.4, 0.5, 0.6, 0.7],
        seeds=list(range(100)),
    )
    assert len(made.trials) == 2000
    assert len({trial.key for trial in made.trials}) == 2000
    # 100 base networks and their measurements; a prune phase and two measurements a trial.
    assert len(made.nodes) == 100 * 2 + 2000 * 3
