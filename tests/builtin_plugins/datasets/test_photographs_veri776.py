"""VeRi-776: vehicles in three folders, named as Market-1501's people are."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.datasets.check import inspect_lists
from tests.builtin_plugins.datasets.photo_trees import load, put, rows

FOLDERS = ("image_train", "image_query", "image_test")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    names = (
        ["0002_c002_00030600_0.jpg", "0002_c020_00030605_1.jpg", "0776_c001_00000001_0.jpg"],
        ["0005_c001_00030600_0.jpg"],
        ["0005_c001_00030600_0.jpg", "0005_c003_00030625_1.jpg", "0006_c003_00000009_0.jpg"],
    )
    for folder, its in zip(FOLDERS, names, strict=True):
        put(tmp_path / "VeRi" / folder, its)
    return tmp_path


def test_vehicles_and_cameras_are_read_from_the_names(root: Path) -> None:
    data = load("veri-776", root)
    assert rows(data.train) == [
        ("image_train/0002_c002_00030600_0.jpg", 2, 1),
        ("image_train/0002_c020_00030605_1.jpg", 2, 19),
        ("image_train/0776_c001_00000001_0.jpg", 776, 0),
    ]
    assert rows(data.query) == [("image_query/0005_c001_00030600_0.jpg", 5, 0)]
    assert data.gallery.pids.tolist() == [5, 5, 6]
    # The query is a gallery image too, and another camera answers it.
    assert [
        finding for finding in inspect_lists(data) if "queries without" in finding.sentence
    ] == []


@pytest.mark.parametrize(
    "name",
    ["0777_c001_00000001_0.jpg", "0000_c001_1_0.jpg", "0002_c021_1_0.jpg", "-1_c001_1_0.jpg"],
)
def test_numbers_that_no_vehicle_or_camera_has_are_left_out_and_told(root: Path, name: str) -> None:
    put(root / "VeRi" / "image_train", [name])
    data = load("veri-776", root)
    assert data.train.unrecognised == (f"image_train/{name}",)
    assert len(data.train) == 3


def test_published_numbers(root: Path) -> None:
    published = load("veri-776", root).published
    assert published is not None
    assert (published.train_ids, published.train_images) == (576, 37_778)
    assert (published.query_ids, published.query_images) == (200, 1_678)
    assert (published.gallery_images, published.cameras) == (11_579, 20)
