"""The rules of synthped's splits."""

from __future__ import annotations

import pickle
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidbench.api import DataError, ReIDData
from reidbench_plugins.datasets.synthped.__main__ import main
from reidbench_plugins.datasets.synthped.dataset import compose, load, load_crowd, load_quick

SPLITS = ("train", "query", "gallery")
SETS = [
    pytest.param(load(), 400, 400, 6, id="synthped"),
    pytest.param(load_quick(domain="c"), 160, 100, 4, id="synthped-quick"),
]


def tiny(seed: int = 0) -> ReIDData:
    return compose("tiny", domain="a", seed=seed, train_ids=3, test_ids=4, cameras=3, shots=2)


@pytest.mark.parametrize(("data", "train_ids", "test_ids", "cameras"), SETS)
class TestRules:
    def test_sizes_are_those_promised(
        self, data: ReIDData, train_ids: int, test_ids: int, cameras: int
    ) -> None:
        assert len(data.train) == train_ids * cameras * 4
        assert len(data.query) == test_ids * cameras
        assert len(set(data.train.pids.tolist())) == train_ids
        assert len(set(data.query.pids.tolist())) == test_ids
        known = int((data.gallery.pids > 0).sum())
        assert known == test_ids * cameras * 3

    def test_training_and_test_identities_are_disjoint(
        self, data: ReIDData, train_ids: int, test_ids: int, cameras: int
    ) -> None:
        assert not set(data.train.pids.tolist()) & set(data.gallery.pids.tolist())
        assert set(data.query.pids.tolist()) <= set(data.gallery.pids.tolist())
        assert data.train.pids.min() >= 1
        assert max(data.train.pids.max(), data.gallery.pids.max()) <= 1501

    def test_cameras_count_from_zero(
        self, data: ReIDData, train_ids: int, test_ids: int, cameras: int
    ) -> None:
        for name in SPLITS:
            split = getattr(data, name)
            assert split.pids.dtype == split.camids.dtype == np.int64
            assert len(split.pids) == len(split.camids) == len(split.names) == len(split)
            assert set(split.camids.tolist()) == set(range(cameras))

    def test_every_query_has_a_match_by_another_camera(
        self, data: ReIDData, train_ids: int, test_ids: int, cameras: int
    ) -> None:
        seen: dict[int, set[int]] = {}
        for pid, cam in zip(data.gallery.pids.tolist(), data.gallery.camids.tolist(), strict=True):
            seen.setdefault(pid, set()).add(cam)
        for pid, cam in zip(data.query.pids.tolist(), data.query.camids.tolist(), strict=True):
            assert seen[pid] - {cam}

    def test_the_gallery_holds_distractors_and_junk_and_nothing_else_does(
        self, data: ReIDData, train_ids: int, test_ids: int, cameras: int
    ) -> None:
        count = Counter(data.gallery.pids.tolist())
        assert count[0] == test_ids
        assert count[-1] == test_ids // 2
        assert data.train.pids.min() > 0
        assert data.query.pids.min() > 0

    def test_names_are_unique_and_say_identity_and_camera(
        self, data: ReIDData, train_ids: int, test_ids: int, cameras: int
    ) -> None:
        names = [name for split in SPLITS for name in getattr(data, split).names]
        assert len(set(names)) == len(names)
        for split in SPLITS:
            part = getattr(data, split)
            for name, pid, cam in zip(part.names, part.pids, part.camids, strict=True):
                found = re.fullmatch(r"(-1|\d{4})_c(\d)s1_\d{6}_\d\d\.jpg", name)
                assert found
                assert (int(found[1]), int(found[2]) - 1) == (pid, cam)


def test_no_picture_appears_twice() -> None:
    data = tiny()
    pictures = {
        (split, i): getattr(data, split).read(i).tobytes()
        for split in SPLITS
        for i in range(len(getattr(data, split)))
    }
    for one, two in combinations(pictures, 2):
        assert pictures[one] != pictures[two], (one, two)


def test_an_identity_is_the_same_person_in_the_small_and_the_full_set() -> None:
    full, quick = load(), load_quick()
    for name in ("0001_c1s1_000025_00.jpg", "0160_c4s1_004000_03.jpg"):
        one = full.train.read(full.train.names.index(name))
        two = quick.train.read(quick.train.names.index(name))
        assert np.array_equal(one, two)


def test_the_crowd_has_few_pictures_of_each_person_and_three_strangers_a_person() -> None:
    data = load_crowd()
    assert len(data.train) == 240 * 6
    assert len(data.query) == 200 * 6
    count = Counter(data.gallery.pids.tolist())
    assert (count[0], count[-1]) == (600, 100)
    assert sum(count[pid] for pid in count if pid > 0) == 200 * 6


def test_the_spare_people_of_the_crowd_are_arranged_as_the_tested_ones_and_are_others() -> None:
    tested, spare = load_crowd(), load_crowd(people="spare")
    assert tested.train.names == spare.train.names
    assert len(tested.query) == len(spare.query)
    assert sorted(tested.gallery.camids) == sorted(spare.gallery.camids)
    drawn = [set(data.query.names + data.gallery.names) for data in (tested, spare)]
    assert not drawn[0] & drawn[1]
    people = [set(data.query.pids.tolist()) for data in (tested, spare)]
    assert not people[0] & people[1]
    assert not people[1] & set(spare.train.pids.tolist())


def test_a_crowd_of_nobody_known_is_refused() -> None:
    with pytest.raises(DataError, match="people is 'train'; choose one of test, spare"):
        load_crowd(people="train")


def test_the_crowd_is_of_other_people_than_the_easier_set() -> None:
    names = ("0001_c1s1_000025_00.jpg", "0160_c4s1_004000_00.jpg")
    for one, other in ((load(), load_crowd()), (load_crowd(), load_crowd(seed=1))):
        for name in names:
            pictures = [data.train.read(data.train.names.index(name)) for data in (one, other)]
            assert not np.array_equal(*pictures)


def test_seed_and_domain_change_every_picture() -> None:
    base = load_quick().train.read(5)
    assert not np.array_equal(base, load_quick(seed=1).train.read(5))
    assert not np.array_equal(base, load_quick(domain="b").train.read(5))


def test_a_split_survives_the_way_into_a_worker_process() -> None:
    split = tiny().train
    reader = pickle.loads(pickle.dumps(split.reader))
    assert np.array_equal(reader(4), split.read(4))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"domain": "A"}, "choose one of a, b, c"),
        ({"seed": -1}, "seed is -1"),
        ({"cameras": 7}, "cameras is 7; choose a value from 2 to 6"),
        ({"cameras": 1}, "cameras is 1"),
        ({"train_ids": 751}, "from 1 to 750"),
        ({"test_ids": 752}, "from 1 to 751"),
        ({"shots": 1}, "shots is 1"),
    ],
)
def test_sizes_out_of_range_are_refused(change: dict[str, object], words: str) -> None:
    sizes: dict[str, object] = {
        "domain": "a", "seed": 0, "train_ids": 3, "test_ids": 4, "cameras": 3,
    }  # fmt: skip
    with pytest.raises(DataError, match=words):
        compose("wrong", **{**sizes, **change})  # type: ignore[arg-type]


def test_the_contact_sheet_is_drawn_from_the_command_line(tmp_path: Path) -> None:
    sheet = tmp_path / "docs" / "sheet.png"
    assert main([str(sheet)]) == 0
    width, height = Image.open(sheet).size
    assert width > height > 5 * 128
    assert main([]) == 2
