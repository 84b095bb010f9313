"""The plugin guide and the tests keep up with the hooks and the API."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from types import FunctionType

import pytest

from reidbench import api
from reidbench.api import method, records, tasks
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


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_of_the_api_is_in_the_guides_code(name: str) -> None:
    code = re.findall(r"```.*?```|`[^`\n]+`", guide(), re.DOTALL)
    assert any(re.search(rf"\b{name}\b", part) for part in code)


# Each class, the part of the guide that is about it, and how its members are written there.
MEMBERS = {
    method.Method: ("## Methods", "One instance serves", "`Method."),
    tasks.Group: ("`group` is a `Group`", "`task` of a ranking", "`group."),
    tasks.RankingTask: ("`task` of a ranking is a `RankingTask`", "`Scores` map", "`task."),
    tasks.NextLayer: ("returns a `NextLayer` each", "`task` of a training step", "`layer."),
    tasks.TrainingTask: ("step is a `TrainingTask`", "### Strategies", "`task."),
    tasks.PrunePhase: ("handed a `PrunePhase`", "When it returns", "`phase."),
    records.Record: ("## Records", "`MethodRecord` adds", "`"),
    records.MethodRecord: ("`MethodRecord` adds", "`DatasetRecord` adds", "`"),
    records.BackboneRecord: ("## Backbones", "## Data sets", "`"),
    records.DatasetRecord: ("## Data sets", "## Options", "`"),
}


def members(cls: type) -> list[str]:
    """Return a record's own fields, or the public members of another class."""
    names = vars(cls).get("__annotations__", {}) if issubclass(cls, records.Record) else vars(cls)
    return [name for name in names if not name.startswith("_")]


@pytest.mark.parametrize(
    ("cls", "name"),
    [(cls, name) for cls in MEMBERS for name in members(cls)],
    ids=lambda it: it if isinstance(it, str) else it.__name__,
)
def test_every_member_is_documented_where_the_guide_is_about_its_class(
    cls: type, name: str
) -> None:
    start, end, prefix = MEMBERS[cls]
    assert guide().count(start) == 1
    about = guide().partition(start)[2].partition(end)[0]
    assert re.search(rf"{re.escape(prefix)}{name}\b", about)


def test_the_guide_names_no_member_that_is_gone() -> None:
    owners = {method.Method: "Method", tasks.Group: "group", tasks.PrunePhase: "phase"}
    for cls, owner in owners.items():
        assert set(re.findall(rf"`{owner}\.(\w+)", guide())) <= set(members(cls))
    known = {*members(tasks.RankingTask), *members(tasks.TrainingTask)}
    assert set(re.findall(r"`task\.(\w+)", guide())) <= known


def test_the_guide_is_of_this_version_of_the_api() -> None:
    version = api.API_VERSION
    assert re.findall(r"`API_VERSION` (\d+)", guide()) == [str(version)]
    assert re.findall(r"`REIDBENCH_API = (\d+)`", guide()) == [str(version)]
