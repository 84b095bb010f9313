"""Lists of option values are a grid: one row for each combination, named by what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.plugins import Registry
from tests.plan.conftest import plan


def test_a_list_of_values_makes_a_row_each_named_by_what_differs(
    folder: Path, tiny_registry: Registry
) -> None:
    grid = [{"method": "tiny-norm", "options": {"power": [1, 2e0, 1e-1]}}]
    made = plan(folder, tiny_registry, methods=grid)
    labels = [trial.id.method for trial in made.trials]
    assert labels == ["tiny-norm", "tiny-norm(power=2.0)", "tiny-norm(power=0.1)"]
    assert len({trial.key for trial in made.trials}) == 3


def test_a_row_of_a_grid_has_the_key_of_its_own_entry(
    folder: Path, tiny_registry: Registry
) -> None:
    grid = [{"method": "tiny-norm", "options": {"power": [2, 3]}}]
    alone = [{"method": "tiny-norm", "options": {"power": power}} for power in (2, 3)]
    keys = [
        [trial.key for trial in plan(folder, tiny_registry, methods=methods).trials]
        for methods in (grid, alone)
    ]
    assert keys[0] == keys[1]


def test_grids_of_methods_backbones_and_targets_multiply(
    folder: Path, tiny_registry: Registry
) -> None:
    made = plan(
        folder,
        tiny_registry,
        methods=[
            {"method": "tiny-norm", "strategy": ["one-shot", "iterative"]}
            | {"options": {"power": [1, 2]}}
        ],
        backbones=[{"backbone": "tinynet", "options": {"width": [64, 96]}}],
        targets=[{"dataset": "tiny", "options": {"palette": [0, 1, 2]}}],
    )
    assert len(made.trials) == 2 * 2 * 2 * 3
    assert {trial.id.target for trial in made.trials} == {
        "tiny",
        "tiny(palette=1)",
        "tiny(palette=2)",
    }


@pytest.mark.parametrize("word", ["tiny-norm", "tiny-norm(power=2.0)"])
def test_only_selects_a_grid_or_a_row_of_it(
    folder: Path, tiny_registry: Registry, word: str
) -> None:
    grid = [{"method": "tiny-norm", "options": {"power": [2, 3]}}]
    made = plan(folder, tiny_registry, only=[word], methods=grid)
    assert len(made.trials) == (2 if word == "tiny-norm" else 1)


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("tiny-norm(power=1e-1)", "tiny-norm(power=0.1)"),
        ("tiny-norm( power = 0.10 )", "tiny-norm(power=0.1)"),
        ("method = power=1E-1", "tiny-norm(power=0.1)"),
        ("tiny-norm(power=2)", "tiny-norm(power=2.0)"),
        ("tiny-norm(power=1)", "tiny-norm"),  # its default, which the label leaves out
    ],
)
def test_only_compares_the_values_of_options(
    folder: Path, tiny_registry: Registry, word: str, label: str
) -> None:
    grid = [{"method": "tiny-norm", "options": {"power": [1, 2.0, 0.1]}}]
    made = plan(folder, tiny_registry, only=[word], methods=grid)
    assert [trial.id.method for trial in made.trials] == [label]
