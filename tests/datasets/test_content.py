"""The content of images is part of what keys hash, whether or not a plugin gives a digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidbench.api.data import ClassificationData, DataError, LabelledImages, ReIDData, Split
from reidbench.api.records import DatasetRecord
from reidbench.datasets.content import with_digests
from reidbench.plan import ConfiguredData
from reidbench.plugins import Component, Plugin

NAMES = ("0.png", "1.png")


def shade(folder: Path, name: str, value: int) -> None:
    Image.fromarray(np.full((8, 4, 3), value, np.uint8)).save(folder / name)


def split(folder: Path, pid: int) -> Split:
    def read(index: int) -> np.ndarray:
        return np.asarray(Image.open(folder / NAMES[index]))

    return Split(np.array([pid, pid]), np.array([0, 1]), NAMES, read)


def people(folder: str) -> ReIDData:
    """Return a data set as a plugin writes it that knows of no digest."""
    one, other = split(Path(folder), 0), split(Path(folder), 1)
    return ReIDData(name="mine", train=one, query=other, gallery=other)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        shade(tmp_path, name, 10)
    return tmp_path


def configured(folder: Path, *, drawn: bool = False) -> ConfiguredData:
    record = DatasetRecord(
        name="mine", version="1", summary="-", reference="-", target=f"{__name__}:people",
        options={"folder": ""}, drawn=drawn,
    )  # fmt: skip
    return ConfiguredData(Component(record, Plugin("p", "p", "1")), {"folder": str(folder)})


def test_a_picture_that_changes_under_its_name_changes_the_key(folder: Path) -> None:
    before = configured(folder).document()
    assert configured(folder).document() == before
    shade(folder, "1.png", 11)
    assert configured(folder).document()["content"] != before["content"]


def test_results_carry_the_content_too(folder: Path) -> None:
    before = configured(folder).identity()
    shade(folder, "0.png", 11)
    assert before.content and configured(folder).identity() != before


def test_pictures_that_change_places_change_the_content(folder: Path) -> None:
    shade(folder, "1.png", 200)
    before = configured(folder).content
    shade(folder, "0.png", 200)
    shade(folder, "1.png", 10)
    assert configured(folder).content != before


def test_equal_pixels_of_another_shape_are_other_content(folder: Path) -> None:
    before = configured(folder).content
    for name in NAMES:
        Image.fromarray(np.full((4, 8, 3), 10, np.uint8)).save(folder / name)
    assert configured(folder).content != before


def test_what_is_drawn_from_its_options_is_not_read(folder: Path) -> None:
    assert configured(folder, drawn=True).content is None


def test_a_digest_that_a_plugin_gives_stays_and_reads_no_image(folder: Path) -> None:
    data = people(str(folder))
    given = {name: replace(getattr(data, name), digest=name, reader=lambda index: 1 / 0)
             for name in ("train", "query", "gallery")}  # fmt: skip
    told = replace(data, **given)
    assert with_digests(told) == told


def test_classes_are_read_alike(folder: Path) -> None:
    def images() -> ClassificationData:
        reader = split(folder, 0).reader
        return ClassificationData("c", LabelledImages(np.array([0, 1]), NAMES, reader))

    before = with_digests(images()).fingerprint
    shade(folder, "0.png", 11)
    assert with_digests(images()).fingerprint != before


def test_an_image_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"image '1\.png' cannot be read \(Unidentified"):
        configured(folder).document()
