"""MSMT17, against a reader of its lists that is written straight from the set's rules."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.api import DataError
from tests.builtin_plugins.datasets.photo_trees import load, put_msmt17, rows

Entry = tuple[str, int]
Row = tuple[str, int, int]


def read_by_the_rules(
    folder: Path, images: str, lists: list[str], people: int, offset: int
) -> tuple[list[Row], list[str]]:
    """Return what the lists say, and the listed files whose names break the rules."""
    entries = []
    for listing in lists:
        for line in (folder / listing).read_text().splitlines():
            entries.append(line.split(" "))
    good, bad = [], []
    for path, pid in sorted(entries):
        fields = path.split("/")[-1].split("_")
        ending = path.lower().split(".")[-1]
        camera = fields[2] if len(fields) > 3 else ""
        right = (
            [len(field) for field in fields[:3]] == [4, 3, 2]
            and all(field.isdigit() for field in fields[:3])
            and 1 <= int(camera) <= 15
            and int(pid) < people
            and ending in ("jpg", "jpeg", "png", "bmp")
        )
        if right:
            good.append((f"{images}/{path}", int(pid) + offset, int(camera) - 1))
        else:
            bad.append(f"{images}/{path}")
    return good, bad


def image(pid: int, number: int, camera: int, ending: str = "_0303morning_0015_0.jpg") -> str:
    return f"{pid:04d}/{pid:04d}_{number:03d}_{camera:02d}{ending}"


def entries(people: int) -> st.SearchStrategy[list[Entry]]:
    """Draw lines of a list, most of them right."""
    endings = st.sampled_from(
        ["_0303morning_0015_0.jpg", "_0303noon_1_2.JPG", "_a.jpg.jpg", "_b.png", ".jpg", "_c.txt"]
    )
    pids = st.integers(0, people) | st.integers(0, 3)
    paths = st.builds(image, pids, st.integers(0, 99), st.integers(0, 17), endings)
    odd = st.sampled_from(["a_b_c/0001_000_02_x.jpg", "0001/nonsense.jpg", "0007/0_0_1_x.jpg"])
    lines = st.tuples(paths | odd, pids)
    return st.lists(lines, max_size=15, unique_by=lambda line: line[0])


@settings(max_examples=30)
@given(
    training=entries(1041),
    asked=entries(3060),
    searched=entries(3060),
    cut=st.integers(0, 15),
    with_val=st.booleans(),
    v2=st.booleans(),
)
def test_every_split_is_what_the_lists_say(
    training: list[Entry],
    asked: list[Entry],
    searched: list[Entry],
    cut: int,
    with_val: bool,
    v2: bool,
) -> None:
    lists = {
        "train": [("0000/0000_999_01_first.jpg", 0), *training[:cut]],
        "val": training[cut:],
        "query": asked,
        "gallery": searched,
    }
    train, test = ("mask_train_v2", "mask_test_v2") if v2 else ("train", "test")
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / ("MSMT17_V2" if v2 else "MSMT17_V1")
        put_msmt17(folder, lists, v2=v2)
        data = load("msmt17-v2" if v2 else "msmt17-v1", Path(directory), with_val=with_val)
        trained_on = ["list_train.txt", *(["list_val.txt"] if with_val else [])]
        expected = {
            "train": read_by_the_rules(folder, train, trained_on, 1041, 0),
            "query": read_by_the_rules(folder, test, ["list_query.txt"], 3060, 1041),
            "gallery": read_by_the_rules(folder, test, ["list_gallery.txt"], 3060, 1041),
        }
    for name, (good, bad) in expected.items():
        split = getattr(data, name)
        assert rows(split) == good
        assert list(split.unrecognised) == bad


@pytest.fixture
def msmt17(tmp_path: Path) -> Path:
    """Return the folder of a small MSMT17 whose identities start at 0 twice."""
    folder = tmp_path / "msmt17" / "MSMT17_V1"
    lists = {
        "train": [(image(0, 0, 1), 0), (image(0, 1, 15), 0), (image(1, 0, 2), 1)],
        "val": [(image(1, 1, 3), 1)],
        "query": [(image(0, 0, 1), 0), (image(1, 0, 4), 1)],
        "gallery": [(image(0, 1, 2), 0), (image(1, 1, 5), 1)],
    }
    put_msmt17(folder, lists)
    return folder


def root_of(folder: Path) -> Path:
    return folder.parent.parent


def test_identity_0_is_a_person_and_no_number_means_two_people(msmt17: Path) -> None:
    data = load("msmt17-v1", root_of(msmt17))
    assert data.train.pids.tolist() == [0, 0, 1, 1]
    assert data.query.pids.tolist() == data.gallery.pids.tolist() == [1041, 1042]
    assert data.counts.gallery_images == 2


def test_list_val_is_trained_on_unless_the_suite_says_otherwise(msmt17: Path) -> None:
    assert len(load("msmt17-v1", root_of(msmt17)).train) == 4
    assert len(load("msmt17-v1", root_of(msmt17), with_val=False).train) == 3
    (msmt17 / "list_val.txt").unlink()
    assert len(load("msmt17-v1", root_of(msmt17), with_val=False).train) == 3
    with pytest.raises(DataError, match=r"list_val\.txt cannot be read"):
        load("msmt17-v1", root_of(msmt17))


def test_lines_in_another_order_and_of_another_system_are_the_same_data(msmt17: Path) -> None:
    before = load("msmt17-v1", root_of(msmt17)).fingerprint
    listing = msmt17 / "list_train.txt"
    lines = listing.read_text().splitlines()
    listing.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(["", *reversed(lines), "", ""]).encode())
    assert load("msmt17-v1", root_of(msmt17)).fingerprint == before


def test_both_versions_side_by_side_are_told_apart(msmt17: Path) -> None:
    lists = {
        "train": [(image(5, 0, 1), 5)],
        "val": [],
        "query": [(image(0, 0, 1), 0)],
        "gallery": [(image(0, 1, 2), 0)],
    }
    put_msmt17(msmt17.parent / "MSMT17_V2", lists, v2=True)
    assert len(load("msmt17-v1", root_of(msmt17)).train) == 4
    assert load("msmt17-v2", root_of(msmt17)).train.names == (
        "mask_train_v2/0005/0005_000_01_0303morning_0015_0.jpg",
    )


def test_listed_images_that_are_missing_are_counted_and_the_first_is_named(msmt17: Path) -> None:
    for path in (msmt17 / "test").rglob("*_00_*.jpg"):
        path.unlink()
    (msmt17 / "test" / image(1, 1, 5)).unlink()
    with pytest.raises(DataError, match="1 of 2 listed images are missing") as caught:
        load("msmt17-v1", root_of(msmt17))
    assert image(1, 1, 5) in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["0000/0000_000_01_x.jpg", "0000/0000_000_01_x.jpg -1", "a b 3", "7", "/etc/x.jpg 1",
     "../0000_000_01_x.jpg 1", "0000/0000_000_01_x.jpg 1.5"],
)  # fmt: skip
def test_a_malformed_line_is_refused_with_its_number(msmt17: Path, line: str) -> None:
    listing = msmt17 / "list_query.txt"
    listing.write_text(listing.read_text() + line + "\n")
    with pytest.raises(DataError, match=r"list_query\.txt:3: '.*' is not 'folder/image\.jpg id"):
        load("msmt17-v1", root_of(msmt17))


def test_bytes_that_are_no_text_are_a_malformed_line(msmt17: Path) -> None:
    listing = msmt17 / "list_query.txt"
    listing.write_bytes(listing.read_bytes() + b"\xff\xfe\xff\n")
    with pytest.raises(DataError, match=r"list_query\.txt:3"):
        load("msmt17-v1", root_of(msmt17))


def test_an_image_listed_twice_is_refused(msmt17: Path) -> None:
    listing = msmt17 / "list_val.txt"
    listing.write_text(f"{image(0, 0, 1)} 0\n")
    with pytest.raises(DataError, match=r"list_val\.txt:1: .* a second time"):
        load("msmt17-v1", root_of(msmt17))


def test_an_underscore_in_a_folder_does_not_move_the_camera(tmp_path: Path) -> None:
    lists = {
        "train": [("of_person_0/0000_000_07_0303morning_0015_0.jpg", 0)],
        "val": [],
        "query": [(image(0, 0, 1), 0)],
        "gallery": [(image(0, 1, 2), 0)],
    }
    put_msmt17(tmp_path / "MSMT17", lists)
    assert load("msmt17-v1", tmp_path).train.camids.tolist() == [6]


def test_images_are_read_from_their_folders_in_a_worker_too(msmt17: Path) -> None:
    gallery = load("msmt17-v1", root_of(msmt17)).gallery
    reader = pickle.loads(pickle.dumps(gallery.reader))
    assert np.array_equal(reader(1), gallery.read(1))
    assert gallery.read(1).shape == (6, 3, 3)
