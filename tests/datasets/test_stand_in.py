"""A stand-in is drawn whole or not at all, and never over a photograph."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidbench.api.data import ReIDData
from reidbench.api.records import DatasetRecord, Place, TargetError
from reidbench.datasets.locate import open_dataset
from reidbench.datasets.stand_in import (
    StandInError,
    layout_of,
    open_source,
    refuse_to_overwrite,
    write_stand_in,
)
from reidbench.plugins import Component, Registry
from tests.support.tiny_disk import draw, photograph, tiny_disk


def blobs(registry: Registry, palette: int = 0) -> ReIDData:
    data = open_dataset(registry.datasets.get("tiny"), {"palette": palette}, Path())
    assert isinstance(data, ReIDData)
    return data


def redraw(registry: Registry, root: Path, palette: int = 1) -> Path:
    data = blobs(registry, palette)
    return write_stand_in(tiny_disk(registry), data, root, lambda done: None, again=True)


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def with_disk(component: Component[DatasetRecord], **fields: Any) -> Component[DatasetRecord]:
    disk = replace(component.record.disk, **fields)
    return replace(component, record=replace(component.record, disk=disk))


def test_a_stand_in_is_found_read_and_known_as_drawn(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    folder = draw(tiny_registry, tmp_path / "new" / "root")
    assert folder == tmp_path / "new" / "root" / "tiny-disk"
    data, source = open_dataset(tiny_disk(tiny_registry), {}, folder.parent), blobs(tiny_registry)
    assert data.drawn
    assert [len(data.train), len(data.query), len(data.gallery)] == [96, 12, 24]
    error = np.abs(data.train.read(0).astype(float) - source.train.read(0))
    assert error.mean() < 20  # a JPEG of it
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-disk"]


def test_every_image_that_is_drawn_is_told(tiny_registry: Registry, tmp_path: Path) -> None:
    ticks: list[int] = []
    write_stand_in(tiny_disk(tiny_registry), blobs(tiny_registry), tmp_path, ticks.append)
    assert sum(ticks) == 132


def test_photographs_are_never_written_over(tiny_registry: Registry, tmp_path: Path) -> None:
    photograph(tiny_registry, tmp_path)
    before = files(tmp_path)
    for again in (False, True):
        with pytest.raises(StandInError, match=r"tiny-disk holds photographs.*never written over"):
            refuse_to_overwrite(tiny_disk(tiny_registry), tmp_path, again=again)
        with pytest.raises(StandInError, match="holds photographs"):
            redraw(tiny_registry, tmp_path)
    assert files(tmp_path) == before


def test_photographs_in_another_place_are_not_hidden(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    photograph(tiny_registry, tmp_path).rename(tmp_path / "TinyDisk")
    with pytest.raises(StandInError, match="TinyDisk holds photographs"):
        draw(tiny_registry, tmp_path)


def test_photographs_that_cannot_be_opened_count_as_photographs(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    folder = draw(tiny_registry, tmp_path)
    for path in (folder / "train").iterdir():
        path.unlink()  # a data set without training images is refused
    with pytest.raises(StandInError, match="or what may be some"):
        redraw(tiny_registry, tmp_path)


def test_half_a_data_set_is_in_the_way(tiny_registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "TinyDisk" / "query").mkdir(parents=True)
    with pytest.raises(
        StandInError, match=r"part of a data set is there already: .*TinyDisk/query;"
    ):
        draw(tiny_registry, tmp_path)


def test_a_stand_in_is_drawn_anew_only_when_asked(tiny_registry: Registry, tmp_path: Path) -> None:
    draw(tiny_registry, tmp_path)
    before = files(tmp_path)
    with pytest.raises(StandInError, match="a drawn stand-in already; draw it anew with --replace"):
        draw(tiny_registry, tmp_path)
    assert files(tmp_path) == before
    redraw(tiny_registry, tmp_path, palette=7)
    after = files(tmp_path)
    assert set(after) == set(before)
    assert after["tiny-disk/train/0001_c0_0.jpg"] != before["tiny-disk/train/0001_c0_0.jpg"]
    redraw(tiny_registry, tmp_path)  # and again


@pytest.mark.parametrize("change", ["add", "grow", "remove"])
def test_a_stand_in_that_somebody_changed_is_kept(
    tiny_registry: Registry, tmp_path: Path, change: str
) -> None:
    folder = draw(tiny_registry, tmp_path)
    photo = folder / "gallery" / "0101_c0_1.jpg"
    if change == "add":
        photo.with_name("holiday.raw").write_text("a photograph")
    elif change == "grow":
        photo.write_bytes(photo.read_bytes() + b"a photograph")
    else:
        photo.unlink()
    before = files(tmp_path)
    with pytest.raises(StandInError, match="is not as a stand-in was drawn there"):
        redraw(tiny_registry, tmp_path)
    assert files(tmp_path) == before


def test_photographs_half_unpacked_elsewhere_are_not_settled_over(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    draw(tiny_registry, tmp_path).rename(tmp_path / "TinyDisk")
    photo = tmp_path / "tiny-disk" / "train" / "0001_c0_0.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photograph")
    before = files(tmp_path)
    with pytest.raises(StandInError):
        redraw(tiny_registry, tmp_path)
    assert files(tmp_path) == before


def test_photographs_that_come_while_it_is_drawn_are_kept(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    folder = draw(tiny_registry, tmp_path)
    photo = folder / "train" / "0999_c0_0.jpg"
    with pytest.raises(StandInError):
        write_stand_in(
            tiny_disk(tiny_registry),
            blobs(tiny_registry, 1),
            tmp_path,
            lambda done: photo.write_bytes(b"a photograph") and None,
            again=True,
        )
    assert photo.read_bytes() == b"a photograph"


def test_what_lies_beside_a_stand_in_stays(tiny_registry: Registry, tmp_path: Path) -> None:
    folder = draw(tiny_registry, tmp_path)
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "other").mkdir()
    redraw(tiny_registry, tmp_path)
    assert (folder / "notes.txt").read_text() == "mine" and (tmp_path / "other").is_dir()


def test_a_file_in_the_way_is_kept(tiny_registry: Registry, tmp_path: Path) -> None:
    note = tmp_path / "tiny-disk" / "DRAWN.txt"
    note.parent.mkdir()
    note.write_text("mine")
    with pytest.raises(StandInError, match=r"DRAWN\.txt is there already, and is kept"):
        draw(tiny_registry, tmp_path)
    assert files(tmp_path) == {"tiny-disk/DRAWN.txt": b"mine"}


def test_an_interrupted_stand_in_leaves_nothing(tiny_registry: Registry, tmp_path: Path) -> None:
    drawn: list[int] = []

    def interrupt(done: int) -> None:
        drawn.append(done)
        if len(drawn) == 100:
            signal.raise_signal(signal.SIGINT)  # the user's own, and no plugin's

    with pytest.raises(KeyboardInterrupt):
        write_stand_in(tiny_disk(tiny_registry), blobs(tiny_registry), tmp_path, interrupt)
    assert list(tmp_path.iterdir()) == []
    draw(tiny_registry, tmp_path)
    before = files(tmp_path)
    drawn.clear()
    with pytest.raises(KeyboardInterrupt):
        write_stand_in(
            tiny_disk(tiny_registry), blobs(tiny_registry), tmp_path, interrupt, again=True
        )
    assert files(tmp_path) == before  # the old one is whole


def test_a_writer_that_would_end_the_process_is_at_fault(
    tiny_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaving_writer.py").write_text("def write(data, root):\n    raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    component = with_disk(tiny_disk(tiny_registry), writer="leaving_writer:write")
    with pytest.raises(StandInError, match=r"cannot write .tiny-disk. .SystemExit: 0.: a fault of"):
        write_stand_in(component, blobs(tiny_registry), tmp_path / "root", lambda done: None)
    assert list((tmp_path / "root").iterdir()) == []


def test_a_writer_that_writes_elsewhere_is_at_fault(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    component = with_disk(tiny_disk(tiny_registry), places=(Place("Elsewhere", ("train",)),))
    with pytest.raises(StandInError, match=r"reidbench_tiny\.disk:write of reidbench-tiny 1\.0 wr"):
        write_stand_in(component, blobs(tiny_registry), tmp_path, lambda done: None)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_is_not_there_is_a_sentence(tiny_registry: Registry, tmp_path: Path) -> None:
    component = with_disk(tiny_disk(tiny_registry), writer="reidbench_tiny.disk:wirte")
    with pytest.raises(TargetError, match=r"reidbench_tiny\.disk:wirte, which cannot be"):
        write_stand_in(component, blobs(tiny_registry), tmp_path, lambda done: None)


def test_only_a_set_with_a_writer_has_a_layout(tiny_registry: Registry) -> None:
    assert layout_of(tiny_disk(tiny_registry).record).stand_in == "tiny"
    with pytest.raises(StandInError, match="'tiny' is built in: it needs no files"):
        layout_of(tiny_registry.datasets.get("tiny").record)
    with pytest.raises(StandInError, match="'tiny-disk' has no stand-in: its plugin has no writer"):
        layout_of(with_disk(tiny_disk(tiny_registry), writer="").record)


def test_only_drawn_sets_of_the_same_task_stand_in(tiny_registry: Registry) -> None:
    component = tiny_disk(tiny_registry)
    with pytest.raises(StandInError, match="'tiny-disk' is not drawn by a program of its own"):
        open_source(component, {}, component.record)
    on_disk = replace(component, record=replace(component.record, drawn=True))
    with pytest.raises(StandInError, match="'tiny-disk' is not drawn by a program of its own"):
        open_source(on_disk, {}, component.record)
    classes = replace(component.record, task="classification")
    with pytest.raises(StandInError, match="'tiny' is for re-id, 'tiny-disk' for classification"):
        open_source(tiny_registry.datasets.get("tiny"), {}, classes)
    assert len(open_source(tiny_registry.datasets.get("tiny"), {}, component.record).train) == 96
