"""Whether a node is fit for a run: its versions, and the folders that it sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import reidbench
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import plan_suite
from reidbench.run.ray import fitness
from reidbench.run.ray.fitness import Demands, demands, shortcomings
from reidbench.store import Store
from tests.support.suites import write_suite


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def asked(
    tmp_path: Path, store: Path, tiny_registry: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Demands]:
    monkeypatch.setattr(fitness, "PATIENCE", 0.0)
    suite = write_suite(tmp_path)
    options = RunOptions(suite, out=tmp_path / "out", store=store, data=tmp_path / "data")
    with demands(plan_suite(options)) as made:
        yield Demands.of(made.line())


def test_this_machine_is_fit(asked: Demands) -> None:
    assert shortcomings(asked.line()) == []


def test_another_version_is_named_beside_the_drivers(asked: Demands) -> None:
    there = {**asked.versions, "torch": "1.0", "reidbench-tiny": "7", "reidbench": "0.0"}
    wrong = shortcomings(replace(asked, versions=there).line())
    torch = asked.versions["torch"]
    assert wrong == [
        f"has reidbench {reidbench.__version__}, and the driver reidbench 0.0",
        "has reidbench-tiny 1.0, and the driver reidbench-tiny 7",
        f"has torch {torch}, and the driver torch 1.0",
    ]


def test_a_plugin_that_one_side_lacks_is_named(asked: Demands) -> None:
    there = {name: text for name, text in asked.versions.items() if name != "reidbench-tiny"}
    wrong = shortcomings(replace(asked, versions={**there, "reidbench-mine": "2"}).line())
    assert wrong == [
        "has no reidbench-mine, and the driver reidbench-mine 2",
        "has reidbench-tiny 1.0, and the driver no reidbench-tiny",
    ]


def test_a_folder_of_the_same_name_that_is_not_shared_is_told_apart(
    asked: Demands, store: Path
) -> None:
    """Every machine may have /scratch/store; what the driver has put there only one has."""
    other = {**asked.owner, "host": "another"}
    wrong = shortcomings(replace(asked, owner=other).line())
    assert wrong == [f"does not see in --store {store} what the driver has put there"]
    unsigned = store / Path(asked.sign).name[::-1]
    assert shortcomings(replace(asked, sign=str(unsigned)).line()) == wrong


def test_paths_that_are_not_there_are_named(asked: Demands, tmp_path: Path) -> None:
    paths = {str(tmp_path / "nowhere"): "--out"}
    wrong = shortcomings(replace(asked, paths=paths).line())
    assert wrong == [f"does not see --out {tmp_path / 'nowhere'}"]


def test_the_sign_is_a_temporary_folder_of_the_store_and_goes(
    tmp_path: Path, store: Path, tiny_registry: object
) -> None:
    options = RunOptions(write_suite(tmp_path), out=tmp_path / "out", store=store)
    with demands(plan_suite(options)) as made:
        # What a killed driver leaves is cleared away as those are.
        assert Store(store).leftovers() == [Path(made.sign).name]
    assert list(store.iterdir()) == []
