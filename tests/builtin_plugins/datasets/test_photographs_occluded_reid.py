"""Occluded-ReID: occluded people ask for whole ones, and nothing is trained on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.api import DataError
from reidbench.datasets.check import inspect_lists, read_images
from tests.builtin_plugins.datasets.photo_trees import load, put, rows

OCCLUDED, WHOLE = "occluded_body_images", "whole_body_images"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for bodies in (OCCLUDED, WHOLE):
        for pid in (1, 2, 200):
            put(tmp_path / "Occluded_REID" / bodies / f"{pid:03d}", [f"{pid:03d}_01.tif"])
    return tmp_path


def test_each_folder_is_a_camera_and_everybody_is_found(root: Path) -> None:
    data = load("occluded-reid", root)
    assert data.test_only and len(data.train) == 0
    assert rows(data.query) == [
        (f"{OCCLUDED}/001/001_01.tif", 1, 0),
        (f"{OCCLUDED}/002/002_01.tif", 2, 0),
        (f"{OCCLUDED}/200/200_01.tif", 200, 0),
    ]
    assert data.gallery.camids.tolist() == [1, 1, 1]
    assert read_images(data, lambda done: None) is None
    assert data.query.read(0).shape == (6, 3, 3)
    (counts,) = inspect_lists(data)
    assert "query people 3 (197 missing)" in counts.sentence
    assert "training" not in counts.sentence


@pytest.mark.parametrize(
    ("folder", "name"), [("003", "004_01.tif"), ("201", "201_01.tif"), ("x", "x_1.tif")]
)
def test_a_name_that_is_of_nobody_is_left_out_and_told(root: Path, folder: str, name: str) -> None:
    put(root / "Occluded_REID" / WHOLE / folder, [name])
    data = load("occluded-reid", root)
    assert data.gallery.unrecognised == (f"{WHOLE}/{folder}/{name}",)
    assert len(data.gallery) == 3


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "Occluded_REID" / WHOLE, [])
    (tmp_path / "Occluded_REID" / OCCLUDED).write_text("?")
    with pytest.raises(DataError, match=f"{OCCLUDED} cannot be listed .*a folder of images for"):
        load("occluded-reid", tmp_path)


def test_published_numbers(root: Path) -> None:
    published = load("occluded-reid", root).published
    assert published is not None
    assert (published.train_ids, published.train_images, published.cameras) == (0, 0, 2)
    assert (published.query_ids, published.query_images) == (200, 1_000)
    assert published.gallery_images == 1_000
