"""PKU-Reid's halves are random, whole and the same everywhere; a part of it says what lacks."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from reidbench.api import DataError, ReIDData, Split
from tests.builtin_plugins.datasets.photo_trees import BY_NAME, load, put

PEOPLE = (1, 2, 3, 5, 8, 13, 21, 114)
ROOT = Path(os.environ.get("REIDBENCH_DATA", "data"))
PHOTOGRAPHS = BY_NAME["pku-reid"].disk.find(ROOT)  # type: ignore[union-attr]

QUERIES_OF_SPLIT_0 = (
    "001_01_3.png",
    "001_02_5.png",
    "002_01_1.png",
    "002_02_1.png",
    "008_01_7.png",
    "008_02_7.png",
    "013_01_5.png",
    "013_02_4.png",
)


def names(people: tuple[int, ...] = PEOPLE) -> list[str]:
    return [f"{p:03d}_{c:02d}_{way}.png" for p in people for c in (1, 2) for way in range(1, 9)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photographs")
    odd = ["115_01_1.png", "001_03_1.png", "001_01_9.png", "001_01_1 (1).png"]
    put(root / "pku-reid" / "images", [*names(), *odd])
    return root


def people(split: Split) -> set[int]:
    return set(split.pids.tolist())


def check(data: ReIDData, count: int) -> None:
    """Each of ``count`` people is in one half, and each camera of a test person asks once."""
    train, query, gallery = data.train, data.query, data.gallery
    assert len(people(train)) == count // 2
    assert people(query) == people(gallery)
    assert not people(train) & people(query)
    assert len(people(train) | people(query)) == count
    asked = Counter(zip(query.pids.tolist(), query.camids.tolist(), strict=True))
    assert set(asked.values()) == {1}
    assert len(asked) == 2 * len(people(query))
    files = {*train.names, *query.names, *gallery.names}
    assert len(files) == len(train) + len(query) + len(gallery) == 16 * count


@pytest.mark.parametrize("split", range(10))
def test_each_split_is_a_half_of_the_people(root: Path, split: int) -> None:
    data = load("pku-reid", root, split=split)
    check(data, len(PEOPLE))
    assert data.counts.cameras == 2


def test_splits_differ_in_who_trains_and_in_the_direction_that_asks(root: Path) -> None:
    splits = [load("pku-reid", root, split=split) for split in range(10)]
    assert len({frozenset(people(data.train)) for data in splits}) >= 8
    assert len({name[-5] for data in splits for name in data.query.names}) == 8


def test_a_split_never_changes(root: Path) -> None:
    assert load("pku-reid", root, split=0).query.names == QUERIES_OF_SPLIT_0


def test_names_that_break_the_rules_are_left_out_and_told(root: Path) -> None:
    data = load("pku-reid", root)
    odd = ("001_01_1 (1).png", "001_01_9.png", "001_03_1.png", "115_01_1.png")
    assert data.train.unrecognised == odd


def test_a_part_differs_from_what_is_published(root: Path) -> None:
    data = load("pku-reid", root)
    assert data.published is not None
    assert (data.published.train_ids, data.published.query_images) == (57, 114)
    assert data.counts != data.published


@pytest.mark.parametrize("split", [-1, 10])
def test_another_split_is_refused(root: Path, split: int) -> None:
    with pytest.raises(DataError, match=r"no split .*; choose one from 0 to 9"):
        load("pku-reid", root, split=split)


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "pku-reid" / "images", names((1, 2, 3)))
    with pytest.raises(DataError, match=r"pictures of 3 people"):
        load("pku-reid", tmp_path)


@pytest.mark.skipif(PHOTOGRAPHS is None, reason="PKU-Reid is not below REIDBENCH_DATA or data/")
def test_the_photographs_make_halves_of_their_people() -> None:
    data = load("pku-reid", ROOT)
    count = len(people(data.train) | people(data.query))
    assert count in (74, 114), "the copies that are known"
    check(data, count)
    assert data.train.read(0).shape == (128, 48, 3)
    assert not data.train.unrecognised
