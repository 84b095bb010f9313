"""The plugin guide and the tests keep up with the hooks and the API."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path
from types import FunctionType

import pytest

from reidbench import api
from reidbench.api import method, records
from reidbench.api import tasks as task
from reidbench.plugins import hookspecs
from tests.support.places import ROOT

HOOKS = (*hookspecs.COLLECTING, *hookspecs.OBSERVING)


def specs() -> dict[str, FunctionType]:
    return {
        name: value
        for name, value in vars(hookspecs).items()
        if hasattr(value, f"{hookspecs.PROJECT}_spec")
    }


def guide() -> str:
    return (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


def test_every_hook_is_either_collecting_or_observing() -> None:
    assert tuple(specs()) == HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(name: str) -> None:
    signature = str(inspect.signature(specs()[name])).replace("'", "")
    assert f"def {name}{signature}" in guide()


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_test(name: str) -> None:
    tree = ast.parse(Path(__file__).with_name("test_discovery.py").read_text(encoding="utf-8"))
    tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert any(test.startswith(f"test_hook_{name}") for test in tests)


def public(*classes: type) -> list[str]:
    return [
        f"{cls.__name__}.{name}"
        for cls in classes
        for name in vars(cls)
        if not name.startswith("_")
    ]


@pytest.mark.parametrize(
    "name",
    [
        *api.__all__,
        *public(
            method.Method,
            task.Group,
            task.NextLayer,
            task.RankingTask,
            task.TrainingTask,
            task.PrunePhase,
        ),
        *(
            f"{kind.__name__}.{field.name}"
            for kind in (records.MethodRecord, records.BackboneRecord, records.DatasetRecord)
            for field in dataclasses.fields(kind)
        ),
    ],
)
def test_every_public_name_of_the_api_is_documented(name: str) -> None:
    # As code, alone or behind the object it belongs to: `name`, `task.name`.
    assert re.search(rf"[`.]{name.rsplit('.', 1)[-1]}\b", guide())
