"""Stand-ins in the layouts of photographed sets: what is written is what is read back."""

from __future__ import annotations

import importlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.api import DataError, ReIDData, Split
from reidbench_plugins.datasets.synthped.dataset import compose
from tests.builtin_plugins.datasets.photo_trees import BY_NAME, load, put_boxes

WRITTEN = [name for name, record in BY_NAME.items() if record.disk and record.disk.writer]
KEEPS_JUNK = {"market1501"}
KEEPS_DISTRACTORS = {"market1501", "dukemtmcreid", "occluded-duke"}
STEP = 16  # shades this far apart survive JPEG


@dataclass(frozen=True)
class Swatches:
    """Images of one colour each, which tells them apart whatever they are called."""

    first: int

    def __call__(self, i: int) -> np.ndarray:
        number = self.first + i
        shades = [number % STEP, number // STEP % STEP, number // STEP**2]
        return np.full((4, 3, 3), [shade * STEP + STEP // 2 for shade in shades], np.uint8)


def number_of(image: np.ndarray) -> int:
    """Return which swatch an image is."""
    red, green, blue = (int(shade) // STEP for shade in image.mean(axis=(0, 1)))
    return red + green * STEP + blue * STEP**2


def writer(name: str) -> Callable[[ReIDData, Path], Path]:
    disk = BY_NAME[name].disk
    assert disk is not None
    module, function = disk.writer.split(":")
    write: Callable[[ReIDData, Path], Path] = getattr(importlib.import_module(module), function)
    return write


Rows = list[tuple[int, int]]


def swatches(train: Rows, query: Rows, gallery: Rows) -> ReIDData:
    """Return a data set of the given (identity, camera) pairs, one swatch each."""
    splits, first = [], 0
    for rows in (train, query, gallery):
        pids = np.array([pid for pid, _ in rows], np.int64)
        camids = np.array([camid for _, camid in rows], np.int64)
        names = tuple(f"{first + i}.any" for i in range(len(rows)))
        splits.append(Split(pids, camids, names, Swatches(first)))
        first += len(rows)
    return ReIDData("swatches", *splits)


def people(*pids: int) -> st.SearchStrategy[Rows]:
    return st.lists(st.tuples(st.sampled_from(pids), st.sampled_from([0, 2, 3, 5])), max_size=8)


def known(split: Split) -> dict[int, tuple[int, int]]:
    """Return each swatch's identity and camera."""
    labels = zip(split.pids.tolist(), split.camids.tolist(), strict=True)
    return {number_of(split.read(i)): label for i, label in enumerate(labels)}


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=15)
@given(
    train=people(0, 4, 9, 2000),
    query=people(7, 5000, 8),
    gallery=people(7, 5000, 8, 30, 0, -1),
)
def test_what_is_written_is_read_back(name: str, train: Rows, query: Rows, gallery: Rows) -> None:
    data = swatches([(4, 0), *train], query, gallery)
    with tempfile.TemporaryDirectory() as directory:
        folder = writer(name)(data, Path(directory))
        disk = BY_NAME[name].disk
        assert disk is not None
        assert folder == disk.find(Path(directory)) == Path(directory) / disk.places[0].folder
        back = load(name, Path(directory))
        before = [known(split) for split in (data.train, data.query, data.gallery)]
        after = [known(split) for split in (back.train, back.query, back.gallery)]
    assert back.drawn
    for split in (back.train, back.query, back.gallery):
        assert split.unrecognised == ()
    assert after[0].keys() == before[0].keys()
    assert after[1].keys() == before[1].keys()
    assert after[2].keys() == {i for i, (pid, _) in before[2].items() if stays(name, pid)}
    images = [(k, i) for k in range(3) for i in after[k]]
    is_one_to_one({(who(name, k, i, before[k][i][0]), after[k][i][0]) for k, i in images})
    cameras = {(before[k][i][1], after[k][i][1]) for k, i in images}
    if name.startswith("cuhk03"):
        order = sorted({camid for rows in before for _, camid in rows.values()})
        assert all(new == order.index(old) % 2 for old, new in cameras)
    else:
        is_one_to_one(cameras)


def stays(name: str, pid: int) -> bool:
    """Tell whether a gallery image has a place in a layout."""
    return pid > 0 or name in (KEEPS_JUNK if pid == -1 else KEEPS_DISTRACTORS)


def who(name: str, split: int, number: int, pid: int) -> tuple[object, ...]:
    """Return what tells people apart: each of Duke's distractors is a person of its own."""
    if split == 2 and pid == 0 and name != "market1501":
        return ("distractor", number)
    return ("training" if split == 0 else "test", pid)


def is_one_to_one(pairs: set[tuple[object, object]]) -> None:
    """Assert that no two of either side share one of the other."""
    assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)


def tiny(**sizes: int) -> ReIDData:
    most = {"train_ids": 2, "test_ids": 2, "cameras": 3, "shots": 2, **sizes}
    return compose("tiny", domain="a", seed=0, **most)


def test_market_1501_keeps_distractors_and_junk_for_what_they_are(tmp_path: Path) -> None:
    data = tiny()
    writer("market1501")(data, tmp_path)
    before, after = data.gallery.pids.tolist(), load("market1501", tmp_path).gallery.pids.tolist()
    assert after.count(0) == before.count(0) > 0
    assert after.count(-1) == before.count(-1) > 0


def test_identity_0_is_a_person_where_a_query_asks_for_it(tmp_path: Path) -> None:
    data = swatches([(4, 0)], [(0, 0)], [(0, 2), (0, 3)])
    for name in WRITTEN:
        root = tmp_path / name
        writer(name)(data, root)
        back = load(name, root)
        assert len(back.gallery) == 2
        assert set(back.gallery.pids.tolist()) == set(back.query.pids.tolist())
        assert back.query.pids[0] > 0


@pytest.mark.parametrize("name", WRITTEN)
def test_drawn_people_look_the_same_after_the_round_trip(name: str, tmp_path: Path) -> None:
    data = tiny()
    writer(name)(data, tmp_path)
    back = load(name, tmp_path)
    assert (back.name, back.drawn) == (name, True)
    for i in range(len(back.train)):
        image = back.train.read(i).astype(int)
        assert image.shape == (128, 64, 3)
        nearest = min(
            np.abs(image - data.train.read(k).astype(int)).mean() for k in range(len(data.train))
        )
        assert nearest < 4


def test_file_names_are_in_each_sets_own_style(tmp_path: Path) -> None:
    styles = {
        "market1501": r"bounding_box_test/(-1|\d{4})_c[1-6]s1_\d{6}_00\.jpg",
        "dukemtmcreid": r"bounding_box_test/\d{4}_c[1-8]_f\d{7}\.jpg",
        "cuhk03np-detected": r"bounding_box_test/\d{4}_c[12]_\d+\.png",
        "msmt17-v1": r"test/\d{4}/\d{4}_\d{3}_\d\d_0303morning_\d{4}_0\.jpg",
        "msmt17-v2": r"mask_test_v2/\d{4}/\d{4}_\d{3}_\d\d_0303morning_\d{4}_0\.jpg",
    }
    for name, style in styles.items():
        writer(name)(tiny(), tmp_path)
        for image in load(name, tmp_path).gallery.names:
            assert re.fullmatch(style, image)


def test_msmt17_starts_at_0_twice_and_lists_a_fourteenth_for_validation(tmp_path: Path) -> None:
    folder = writer("msmt17-v1")(tiny(cameras=4, shots=8), tmp_path)
    listed = {
        name: [line.split() for line in (folder / f"list_{name}.txt").read_text().splitlines()]
        for name in ("train", "val", "query", "gallery")
    }
    for name in ("train", "query", "gallery"):
        assert {int(pid) for _, pid in listed[name]} == {0, 1}
    assert len(listed["val"]) == 2 * (32 // 14)
    whole, part = (load("msmt17-v1", tmp_path, with_val=val) for val in (True, False))
    assert len(whole.train) - len(part.train) == len(listed["val"])
    assert set(part.train.pids.tolist()) == set(whole.train.pids.tolist())


def test_a_folder_says_that_it_is_drawn_and_of_what(tmp_path: Path) -> None:
    folder = writer("dukemtmcreid")(tiny(), tmp_path)
    text = (folder / "DRAWN.txt").read_text()
    assert "not DukeMTMC-reID" in text
    assert "'tiny'" in text
    (folder / "DRAWN.txt").unlink()
    assert not load("dukemtmcreid", tmp_path).drawn


def test_photographs_are_neither_overwritten_nor_hidden(tmp_path: Path) -> None:
    real = ["0001_c1s1_1.jpg"], ["0800_c1s1_1.jpg"], ["0800_c2s1_1.jpg"]
    put_boxes(tmp_path / "Market-1501", *real)
    with pytest.raises(DataError, match="Market-1501 is there already"):
        writer("market1501")(tiny(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Market-1501"]


def test_a_stand_in_is_not_written_over_another(tmp_path: Path) -> None:
    writer("msmt17-v1")(tiny(), tmp_path)
    with pytest.raises(DataError, match="is there already"):
        writer("msmt17-v1")(tiny(), tmp_path)


def test_a_stand_in_that_was_interrupted_says_that_it_is_drawn(tmp_path: Path) -> None:
    data = tiny()

    def interrupt(i: int) -> np.ndarray:
        raise KeyboardInterrupt

    broken = replace(data, query=replace(data.query, reader=interrupt))
    for name in WRITTEN:
        with pytest.raises(KeyboardInterrupt):
            writer(name)(broken, tmp_path / name)
        assert list((tmp_path / name).rglob("DRAWN.txt"))


@pytest.mark.parametrize(
    ("name", "people", "cameras", "words"),
    [
        ("market1501", 3, 7, "7 cameras, and Market-1501's layout has numbers for 6"),
        ("dukemtmcreid", 3, 9, "9 cameras"),
        ("msmt17-v1", 3, 16, "16 cameras"),
        ("market1501", 1502, 2, "1503 people, and Market-1501's layout has numbers for 1501"),
        ("cuhk03np-detected", 1467, 2, "1468 people"),
        ("msmt17-v1", 1042, 2, "1042 training people, and MSMT17 V1's layout has numbers for 1041"),
    ],
)
def test_more_people_or_cameras_than_a_layout_can_name_are_refused(
    name: str, people: int, cameras: int, words: str, tmp_path: Path
) -> None:
    train = [(pid, pid % cameras) for pid in range(max(people, cameras))]
    data = swatches(train, [(5000, 0)], [(5000, 1)])
    with pytest.raises(DataError, match=words):
        writer(name)(data, tmp_path)
    assert not list(tmp_path.iterdir())
