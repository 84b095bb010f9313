"""``evaluate: validation``: other people, other keys, other rows; nothing else changes."""

from __future__ import annotations

from pathlib import Path

from reidbench.api.data import ReIDData
from reidbench.datasets.validation import is_held_out
from reidbench.plan import ConfiguredData
from reidbench.plugins import Registry
from tests.plan.conftest import only, plan
from tests.support.tiny_disk import photograph

VALIDATION = {"evaluate": "validation"}


def lists(data: ConfiguredData) -> ReIDData:
    made = data.lists()
    assert isinstance(made, ReIDData)
    return made


def test_every_phase_trains_without_the_people_that_are_measured(
    folder: Path, tiny_registry: Registry
) -> None:
    trial = only(folder, tiny_registry, **VALIDATION)
    for phase in trial.phases:
        assert not any(map(is_held_out, lists(phase.data).train.pids.tolist()))
    measured = lists(trial.final.data)
    assert all(map(is_held_out, measured.gallery.pids.tolist())) and len(measured.query) == 4


def test_a_source_of_people_holds_the_same_ones_out(folder: Path, tiny_registry: Registry) -> None:
    phases = [{"train": "source"}, {"prune": "target"}]
    changes = {"scenarios": {"a": phases}, "source": "tiny", **VALIDATION}
    trial = only(folder, tiny_registry, **changes)
    assert lists(trial.data["source"]).train.names == lists(trial.data["target"]).train.names
    classes = only(
        folder, tiny_registry, **{**changes, "source": "tiny-classes"}, protocol="paper-mini/1"
    )
    assert classes.data["source"].label == "tiny-classes"


def test_its_rows_and_components_say_so_and_no_key_is_a_tests(
    folder: Path, tiny_registry: Registry
) -> None:
    test, it = only(folder, tiny_registry), only(folder, tiny_registry, **VALIDATION)
    assert it.id.target == "tiny (validation)"
    assert it.final.data.identity().name == "tiny (validation/1)"
    assert not {node.key for node in it.nodes} & {node.key for node in test.nodes}
    assert it.final.data.seeded_by == test.final.data.seeded_by
    assert only(folder, tiny_registry, evaluate="test").key == test.key


def test_a_set_on_disk_is_read_once_and_keyed_by_all_of_it(
    folder: Path, tiny_registry: Registry
) -> None:
    photograph(tiny_registry, folder / "photographs")
    changes = {"targets": [{"dataset": "tiny-disk", "complete": False}], "data": "photographs"}
    data = only(folder, tiny_registry, **changes, **VALIDATION).final.data
    assert data.label == "tiny-disk (incomplete, validation)"
    assert data.lists() is data.lists()
    assert data.content == data.whole().fingerprint[:16]
    assert data.document()["split"] == "validation/1"


def test_a_part_is_chosen_by_the_data_sets_own_name(folder: Path, tiny_registry: Registry) -> None:
    assert len(plan(folder, tiny_registry, only=["tiny"], **VALIDATION).trials) == 1
