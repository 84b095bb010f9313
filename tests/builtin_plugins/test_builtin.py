"""What the built-in plugin declares holds of what it points at."""

from __future__ import annotations

import ast
import inspect
from functools import partial
from pathlib import Path

import pytest

import reidbench_plugins
from reidbench.api import ClassificationData, DatasetRecord, Method, MethodRecord, ReIDData
from reidbench.api.records import OptionError, Record

RECORDS = [
    *reidbench_plugins.reidbench_methods(),
    *reidbench_plugins.reidbench_backbones(),
    *reidbench_plugins.reidbench_datasets(),
]
SOURCES = sorted(Path(reidbench_plugins.__file__).parent.rglob("*.py"))
ids = {"ids": lambda record: record.name}


@pytest.mark.parametrize("record", RECORDS, **ids)
def test_every_target_takes_the_declared_options_and_no_others(record: Record) -> None:
    target = record.load()
    # What a partial has set already is no option of a suite.
    settled = target.keywords if isinstance(target, partial) else {}
    keywords = [
        parameter
        for parameter in inspect.signature(target).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in settled
    ]
    assert {k.name: k.default for k in keywords} == dict(record.options)


@pytest.mark.parametrize("record", reidbench_plugins.reidbench_methods(), **ids)
def test_every_method_is_built_from_its_defaults_and_keeps_its_options(
    record: MethodRecord,
) -> None:
    method = record.build({})
    assert isinstance(method, Method)
    assert method.options == dict(record.options)


def test_the_controls_are_dense_random_and_both_scratches() -> None:
    controls = [r for r in reidbench_plugins.reidbench_methods() if r.control]
    assert {r.name: r.prunes for r in controls} == {
        "dense": "nothing",
        "random": "trained",
        "scratch": "initial",
        "scratch-b": "initial",
    }


DATASETS = reidbench_plugins.reidbench_datasets()
BUILT_IN = [record for record in DATASETS if record.disk is None and not record.paths]
ON_DISK = [record for record in DATASETS if record.disk is not None]


@pytest.mark.parametrize("record", BUILT_IN, **ids)
def test_a_data_set_is_what_its_record_says(record: DatasetRecord) -> None:
    data = record.build({})
    kind = ReIDData if record.task == "re-id" else ClassificationData
    assert isinstance(data, kind)
    assert data.name == record.name and record.drawn


@pytest.mark.parametrize("record", ON_DISK, **ids)
def test_a_data_set_that_a_user_brings_says_where_from_and_on_what_terms(
    record: DatasetRecord,
) -> None:
    assert record.disk is not None and not record.drawn
    assert record.disk.tree and record.disk.origin and record.disk.licence and record.disk.ethics
    assert record.disk.stand_in in ("", *(drawn.name for drawn in BUILT_IN))
    assert bool(record.disk.writer) == bool(record.disk.stand_in)
    if record.disk.writer:
        assert callable(record.load(record.disk.writer))


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("resnet18", {"last_stride": 3}, "'last_stride' is 3; choose 1 or 2"),
        ("psfp", {"anchor": 1}, "'anchor' is 1.0; choose a share between 1/8 and 1"),
        ("psfp", {"anchor": 0.125}, "'anchor' is 0.125; choose"),
    ],
)
def test_a_bad_option_value_is_one_clear_sentence(
    name: str, options: dict[str, float], sentence: str
) -> None:
    [record] = [record for record in RECORDS if record.name == name]
    with pytest.raises(OptionError, match=sentence):
        record.build(options)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_built_in_plugin_imports_nothing_of_the_core_but_the_api(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else _names(node))
    }
    core = {name for name in imported if name and name.split(".")[0] == "reidbench"}
    assert core <= {"reidbench.api"}


def _names(node: ast.Import) -> list[str]:
    return [alias.name for alias in node.names]
