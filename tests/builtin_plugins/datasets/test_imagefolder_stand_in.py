"""The drawn stand-in for ImageNet: the same images in its layout, and never taken for it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidbench.api import ClassificationData, DataError
from reidbench_plugins.datasets import synthshapes
from reidbench_plugins.datasets.imagefolder import FOLDERS, RECORDS
from reidbench_plugins.datasets.imagefolder.tree import load
from reidbench_plugins.datasets.imagefolder.writing import write_imagenet
from reidbench_plugins.datasets.synthshapes.dataset import compose

(IMAGENET,) = RECORDS


def tiny() -> ClassificationData:
    return compose("tiny", classes=12, images=3, seed=0)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    data = tiny()
    folder = write_imagenet(data, tmp_path)
    assert IMAGENET.disk is not None
    assert IMAGENET.disk.find(tmp_path) == folder == tmp_path / "imagenet"
    found = load(folder)
    assert found.train.labels.tolist() == data.train.labels.tolist()
    for i in range(len(data.train)):
        difference = found.train.read(i).astype(int) - data.train.read(i)
        assert np.abs(difference).mean() < 4


def test_the_tree_has_imagenets_names(tmp_path: Path) -> None:
    data = tiny()
    train = write_imagenet(data, tmp_path) / "train"
    labels = {}
    for path in train.rglob("*"):
        if path.is_file():
            name = re.fullmatch(r"(n(\d{8}))/\1_(\d+)\.JPEG", path.relative_to(train).as_posix())
            assert name
            labels[int(name[3])] = int(name[2])
            assert Image.open(path).format == "JPEG"
    assert [labels[i] for i in range(len(data.train))] == data.train.labels.tolist()


def test_a_stand_in_is_drawn_until_somebody_removes_the_mark(tmp_path: Path) -> None:
    folder = write_imagenet(tiny(), tmp_path)
    mark = folder / "DRAWN.txt"
    assert "not ImageNet" in mark.read_text()
    assert "'tiny'" in mark.read_text()
    assert load(folder).drawn
    mark.unlink()
    assert not load(folder).drawn


@pytest.mark.parametrize("place", FOLDERS)
def test_nothing_is_written_beside_or_into_imagenet_itself(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir()
    with pytest.raises(DataError, match=f"{place} is there already"):
        write_imagenet(tiny(), tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == [place]


def test_an_interrupted_writing_never_passes_for_photographs(tmp_path: Path) -> None:
    data = tiny()

    def tear(i: int) -> np.ndarray:
        if i == 7:
            raise KeyboardInterrupt
        return data.train.read(i)

    torn = ClassificationData("torn", type(data.train)(data.train.labels, data.train.names, tear))
    with pytest.raises(KeyboardInterrupt):
        write_imagenet(torn, tmp_path)
    assert load(tmp_path / "imagenet").drawn


def test_whatever_lies_beside_the_tree_is_left_alone(tmp_path: Path) -> None:
    beside = tmp_path / "imagenet.partial" / "train" / "n01440764" / "photograph.JPEG"
    beside.parent.mkdir(parents=True)
    beside.write_bytes(b"somebody's")
    write_imagenet(tiny(), tmp_path)
    assert beside.read_bytes() == b"somebody's"


def test_the_record_names_a_stand_in_of_its_task_and_a_writer_that_exists() -> None:
    assert IMAGENET.disk is not None
    (stand_in,) = (r for r in synthshapes.RECORDS if r.name == IMAGENET.disk.stand_in)
    assert stand_in.task == IMAGENET.task
    module, _, function = IMAGENET.disk.writer.partition(":")
    assert getattr(importlib.import_module(module), function) is write_imagenet


def test_the_record_says_what_a_user_should_know() -> None:
    assert IMAGENET.disk is not None
    assert "image-net.org" in IMAGENET.disk.origin
    assert "non-commercial" in IMAGENET.disk.licence
    assert "people" in IMAGENET.disk.ethics
    for folder in FOLDERS:
        assert folder in IMAGENET.disk.tree
