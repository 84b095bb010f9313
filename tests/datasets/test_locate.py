"""A data set is opened wherever it is, and one that is missing says where it was looked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reidbench.api.data import ClassificationData, DataError, LabelledImages
from reidbench.api.records import DatasetRecord, OptionError
from reidbench.datasets.locate import (
    MissingData,
    begun,
    find_folder,
    looked_for,
    open_dataset,
    parts,
)
from reidbench.plugins import Component, Registry
from tests.support.tiny_disk import draw, photograph, tiny_disk

NEEDS = ("train", "query", "gallery")


def begin(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)


def changed(component: Component[DatasetRecord], **fields: object) -> Component[DatasetRecord]:
    return replace(component, record=replace(component.record, **fields))


def test_a_drawn_set_needs_no_files_and_says_that_it_is_drawn(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    data = open_dataset(tiny_registry.datasets.get("tiny"), {"palette": 3}, tmp_path / "nowhere")
    assert data.drawn and len(data.train) == 96


def test_files_that_are_not_there_are_named_with_the_way_to_get_them(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    with pytest.raises(MissingData) as refused:
        open_dataset(tiny_disk(tiny_registry), {}, tmp_path)
    assert str(refused.value) == (
        f"data set 'tiny-disk' is not below {tmp_path} (--data): looked for {tmp_path}/tiny-disk "
        f"or {tmp_path}/TinyDisk, with train, query and gallery in it; 'reidbench data show "
        "tiny-disk' says how to get it, and what goes where"
    )


def test_a_root_that_does_not_exist_is_said_to(tiny_registry: Registry) -> None:
    with pytest.raises(MissingData, match=r"below nowhere \(--data\), and no such folder is here:"):
        find_folder(tiny_disk(tiny_registry).record, Path("nowhere"))


def test_half_a_data_set_is_told_apart_from_none(tiny_registry: Registry, tmp_path: Path) -> None:
    begin(tmp_path / "TinyDisk", "train", "gallery")
    assert looked_for(tiny_disk(tiny_registry).record, tmp_path) == [
        f"{tmp_path}/tiny-disk, with train, query and gallery in it",
        f"{tmp_path}/TinyDisk, which lacks query",
    ]


def test_only_a_folder_with_a_part_of_a_data_set_is_begun(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    record = tiny_disk(tiny_registry).record
    assert begun(record, tmp_path) == []
    begin(tmp_path / "TinyDisk", NEEDS[0])
    (phrase,) = begun(record, tmp_path)
    assert phrase.startswith(f"{tmp_path / 'TinyDisk'}, which lacks {NEEDS[1]}")
    begin(tmp_path / "TinyDisk", *NEEDS[1:])
    assert begun(record, tmp_path) == []


def test_the_first_place_that_has_it_wins(tiny_registry: Registry, tmp_path: Path) -> None:
    record = tiny_disk(tiny_registry).record
    begin(tmp_path / "TinyDisk", *NEEDS)
    assert find_folder(record, tmp_path) == tmp_path / "TinyDisk"
    begin(tmp_path / "tiny-disk", *NEEDS)
    assert find_folder(record, tmp_path) == tmp_path / "tiny-disk"


def test_a_built_in_set_has_no_folder(tiny_registry: Registry, tmp_path: Path) -> None:
    record = tiny_registry.datasets.get("tiny").record
    assert looked_for(record, tmp_path) == []
    with pytest.raises(ValueError, match="'tiny' is built in"):
        find_folder(record, tmp_path)


def test_files_are_read_with_the_options_given(tiny_registry: Registry, tmp_path: Path) -> None:
    photograph(tiny_registry, tmp_path)
    component = tiny_disk(tiny_registry)
    upright = open_dataset(component, {}, tmp_path)
    turned = open_dataset(component, {"upside_down": True}, tmp_path)
    assert (turned.train.read(5)[::-1] == upright.train.read(5)).all()
    with pytest.raises(OptionError, match="no option 'upsidedown'; did you mean 'upside_down'"):
        open_dataset(component, {"upsidedown": True}, tmp_path)


def test_what_a_stand_in_says_of_itself_is_kept(tiny_registry: Registry, tmp_path: Path) -> None:
    draw(tiny_registry, tmp_path / "drawn")
    photograph(tiny_registry, tmp_path / "real")
    component = tiny_disk(tiny_registry)
    assert open_dataset(component, {}, tmp_path / "drawn").drawn
    assert not open_dataset(component, {}, tmp_path / "real").drawn


def test_a_set_of_another_task_than_its_record_says_is_refused(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    component = changed(tiny_registry.datasets.get("tiny"), task="classification")
    with pytest.raises(DataError, match=r"'tiny' of reidbench-tiny 1\.0.*ClassificationData, not"):
        open_dataset(component, {}, tmp_path)


def test_a_set_has_the_splits_of_its_task(tiny_registry: Registry, tmp_path: Path) -> None:
    people = open_dataset(tiny_registry.datasets.get("tiny"), {}, tmp_path)
    assert list(parts(people)) == ["train", "query", "gallery"]
    labelled = LabelledImages(people.train.pids % 2, people.train.names, people.train.reader)
    assert parts(ClassificationData("things", labelled)) == {"train": labelled}
