"""VIPeR's halves are random, whole and the same everywhere; one camera asks the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.api import DataError
from reidbench.datasets.check import inspect_lists
from tests.builtin_plugins.datasets.photo_trees import load, put

PEOPLE = (0, 1, 2, 5, 8, 13, 21, 872)
TRAINED_IN_SPLIT_0 = (0, 8, 13, 872)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photographs")
    odd = ["0001_45.bmp", "001_45 (1).bmp", "001.bmp"]
    put(root / "viper" / "VIPeR" / "cam_a", [*(f"{pid:03d}_45.bmp" for pid in PEOPLE), *odd])
    put(root / "viper" / "VIPeR" / "cam_b", [f"{pid:03d}_90.bmp" for pid in PEOPLE])
    return root


@pytest.mark.parametrize("split", range(10))
def test_half_of_the_people_train_and_camera_a_asks_for_the_others(root: Path, split: int) -> None:
    data = load("viper", root, split=split)
    trained, asked = set(data.train.pids.tolist()), set(data.query.pids.tolist())
    assert len(trained) == len(asked) == len(PEOPLE) // 2
    assert trained | asked == set(PEOPLE)
    assert (len(data.train), len(data.query), len(data.gallery)) == (8, 4, 4)
    assert data.query.pids.tolist() == data.gallery.pids.tolist()
    assert set(data.query.camids.tolist()) == {0}
    assert set(data.gallery.camids.tolist()) == {1}


def test_a_split_never_changes_and_is_not_the_next_one(root: Path) -> None:
    halves = [load("viper", root, split=split).train.pids.tolist() for split in range(10)]
    assert tuple(sorted(set(halves[0]))) == TRAINED_IN_SPLIT_0
    assert len({tuple(half) for half in halves}) >= 8


def test_names_that_break_the_rules_are_left_out_and_told(root: Path) -> None:
    odd = ("cam_a/0001_45.bmp", "cam_a/001.bmp", "cam_a/001_45 (1).bmp")
    assert load("viper", root).train.unrecognised == odd


def test_a_person_whom_one_camera_saw_is_told_if_nothing_answers(tmp_path: Path) -> None:
    put(tmp_path / "VIPeR" / "cam_a", [f"{pid:03d}_0.bmp" for pid in range(4)])
    put(tmp_path / "VIPeR" / "cam_b", [])
    (finding,) = [one for one in inspect_lists(load("viper", tmp_path)) if "queries" in one.sentence
                  and "without" in one.sentence]  # fmt: skip
    assert "evaluation leaves out: 2 of 2" in finding.sentence and finding.fault


@pytest.mark.parametrize("split", [-1, 10])
def test_another_split_is_refused(root: Path, split: int) -> None:
    with pytest.raises(DataError, match=r"viper has no split .*; choose one from 0 to 9"):
        load("viper", root, split=split)


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    for camera in ("cam_a", "cam_b"):
        put(tmp_path / "VIPeR" / camera, ["000_45.bmp", "001_45.bmp", "002_45.bmp"])
    with pytest.raises(DataError, match=r"pictures of 3 people, and half of them .*cam_a/001_45"):
        load("viper", tmp_path)


def test_published_numbers(root: Path) -> None:
    published = load("viper", root).published
    assert published is not None
    assert (published.train_ids, published.train_images, published.cameras) == (316, 632, 2)
    assert (published.query_images, published.gallery_images) == (316, 316)
