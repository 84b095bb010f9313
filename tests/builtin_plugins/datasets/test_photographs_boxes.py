"""Sets in Market-1501's layout, against a parser written straight from the sets' rules."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reidbench.api import DataError
from reidbench_plugins.datasets.photographs.boxes import load_market1501
from tests.builtin_plugins.datasets.photo_trees import BOXES, load, put, put_boxes, rows, tiny_image

MARKET = "Market-1501-v15.09.15"
FOLDERS = {
    "market1501": MARKET,
    "dukemtmcreid": "DukeMTMC-reID",
    "occluded-duke": "Occluded_Duke",
    "cuhk03np-detected": "cuhk03-np/detected",
    "cuhk03np-labelled": "cuhk03-np/labeled",
}
LIMITS = {  # the largest identity and camera
    "market1501": (1501, 6),
    "dukemtmcreid": (9999, 8),
    "occluded-duke": (9999, 8),
    "cuhk03np-detected": (1467, 2),
    "cuhk03np-labelled": (1467, 2),
}


def read_by_the_rules(
    root: Path, box: str, smallest: int, largest: int, cameras: int
) -> tuple[list[tuple[str, int, int]], list[str]]:
    """Return a folder's images and the image files whose names break the rules."""
    good, bad = [], []
    for name in sorted(path.name for path in (root / box).iterdir()):
        stem, dot, ending = name.rpartition(".")
        if not (root / box / name).is_file() or name[0] == "." or not dot or not stem:
            continue
        if ending.lower() not in ("jpg", "jpeg", "png", "bmp"):
            continue
        label, _, rest = name.lower().partition("_c")
        camera = ""
        for letter in rest:
            if letter not in "0123456789":
                break
            camera += letter
        number = label[1:] if label == "-1" else label
        # Letters, digits, '_', '-' and dots to the end: "name (1).jpg" is somebody's copy.
        allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-."
        whole = all(letter in allowed for letter in rest) and ".." not in rest
        plain = whole and 1 <= len(number) <= 4 and all(letter in "0123456789" for letter in number)
        if plain and camera and smallest <= int(label) <= largest and 1 <= int(camera) <= cameras:
            good.append((f"{box}/{name}", int(label), int(camera) - 1))
        else:
            bad.append(f"{box}/{name}")
    return good, bad


def names(low: int, high: int) -> st.SearchStrategy[list[str]]:
    """Draw file names, most of them right, of people from low to high."""
    odd = st.sampled_from(["-1", "0000", "-2", "12345", "", "abcd", "0001_0002", "1502", "9999"])
    label = st.integers(low, high).map("{:04d}".format) | odd
    camera = st.integers(0, 11).map(str) | st.sampled_from(["", "x"])
    rest = st.sampled_from(["s1_000451_03", "_f0046182", "_01", "", "S2_1 (1)"])
    ending = st.sampled_from(
        [".jpg", ".JPG", ".jpg.jpg", ".png", ".Png", ".jpeg", ".bmp", ".txt", ".db", ".jpg.bak", ""]
    )
    separator = st.sampled_from(["_c", "_c", "_c", "_C", "c", "_"])
    start = st.sampled_from(["", "", "", "", "._", ".", "copy of "])
    parts = st.tuples(start, label, separator, camera, rest, ending)
    name = parts.map("".join).filter(lambda name: name not in ("", ".", ".."))
    return st.lists(name, max_size=12, unique=True)


@pytest.mark.parametrize("name", FOLDERS)
@settings(max_examples=15)
@given(train=names(1, 700), query=names(701, 1600), test=names(701, 1600))
def test_every_split_is_what_the_rules_say(
    name: str, train: list[str], query: list[str], test: list[str]
) -> None:
    train = [name for name in train if not name.startswith(("9999", "1502"))]
    largest, cameras = LIMITS[name]
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / FOLDERS[name]
        put_boxes(folder, [*train, "0001_c1_first.jpg"], query, test)
        data = load(name, Path(directory))
        splits = (data.train, data.query, data.gallery)
        for split, box, smallest in zip(splits, BOXES, (1, 1, -1), strict=True):
            smallest = smallest if name == "market1501" else 1
            good, bad = read_by_the_rules(folder, box, smallest, largest, cameras)
            assert rows(split) == good
            assert list(split.unrecognised) == bad


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Return a root below which there is a small Market-1501."""
    put_boxes(
        tmp_path / MARKET,
        ["0001_c1s1_000151_01.jpg", "0001_c2s1_000151_01.jpg", "0750_c6s4_000001_02.JPG"],
        ["0002_c1s1_000451_00.jpg", "0003_c5s1_000451_00.jpg"],
        [
            "-1_c1s1_000401_03.jpg",
            "0000_c1s1_000151_01.jpg",
            "0002_c3s1_000451_03.jpg",
            "0002_c4s1_000451_03.jpg.jpg",
            "0003_c1s1_000451_03.jpg",
        ],
    )
    return tmp_path


def test_markets_junk_and_distractors_are_in_the_gallery_and_junk_is_not_counted(
    market: Path,
) -> None:
    data = load("market1501", market)
    assert data.gallery.pids.tolist() == [-1, 0, 2, 2, 3]
    assert data.gallery.camids.tolist() == [0, 0, 2, 3, 0]
    assert data.counts.gallery_images == 4
    assert data.counts.cameras == 6


@pytest.mark.parametrize("box", ["bounding_box_train", "query"])
@pytest.mark.parametrize("name", ["-1_c1s1_000001_00.jpg", "0000_c1s1_000001_00.jpg"])
def test_neither_junk_nor_a_distractor_is_trained_on_or_searched_for(
    market: Path, box: str, name: str
) -> None:
    put(market / MARKET / box, [name])
    data = load("market1501", market)
    split = data.train if box != "query" else data.query
    assert split.unrecognised == (f"{box}/{name}",)
    assert split.pids.min() > 0


def test_a_seventh_camera_or_identity_1502_is_not_market_1501(market: Path) -> None:
    strange = ["0002_c7s1_000001_00.jpg", "1502_c1s1_000001_00.jpg"]
    put(market / MARKET / "bounding_box_test", strange)
    gallery = load("market1501", market).gallery
    assert gallery.unrecognised == tuple(f"bounding_box_test/{name}" for name in strange)
    assert len(gallery) == 5


def test_half_a_million_distractors_are_nobody_seen_by_a_camera_of_their_own(market: Path) -> None:
    before = load("market1501", market)
    put(market / MARKET / "images", ["0000_c1s1_1.jpg", "77.jpg", "0002_c3s1_000451_03.jpg"])
    data = load("market1501-500k", market)
    known = len(before.gallery)
    assert rows(data.gallery)[:known] == rows(before.gallery)
    assert rows(data.gallery)[known:] == [
        ("images/0000_c1s1_1.jpg", 0, 6),
        ("images/0002_c3s1_000451_03.jpg", 0, 6),
        ("images/77.jpg", 0, 6),
    ]
    assert load("market1501", market).fingerprint == before.fingerprint


def test_the_order_in_which_files_were_created_changes_nothing(tmp_path: Path) -> None:
    train = [f"{pid:04d}_c{camera}s1_000001_00.jpg" for pid in range(1, 9) for camera in (1, 2)]
    for root, order in (("one", train), ("two", train[::-1]), ("three", train[::3] + train)):
        put_boxes(tmp_path / root / MARKET, order, ["0800_c1s1_1.jpg"], ["0800_c2s1_1.jpg"])
    one, two, three = (load("market1501", tmp_path / root) for root in ("one", "two", "three"))
    assert one.train.names == two.train.names == three.train.names == tuple(sorted(one.train.names))
    assert one.fingerprint == two.fingerprint == three.fingerprint


def test_the_digest_knows_names_and_sizes(market: Path) -> None:
    before = load("market1501", market).query.digest
    query = market / MARKET / "query"
    image = query / "0002_c1s1_000451_00.jpg"
    image.write_bytes(image.read_bytes() + b"\0")
    longer = load("market1501", market).query.digest
    image.rename(query / "0002_c1s1_000452_00.jpg")
    renamed = load("market1501", market).query.digest
    assert len({before, longer, renamed}) == 3


def test_clutter_is_ignored_without_a_word(market: Path) -> None:
    data = load("market1501", market)
    for split in (data.train, data.query, data.gallery):
        assert split.unrecognised == ()


def test_a_name_in_no_known_encoding_is_reported_and_does_no_harm(market: Path) -> None:
    folder = os.fsencode(market / MARKET / "query")
    Path(os.fsdecode(folder + b"/0002_c1s1_\xff.jpg")).write_bytes(tiny_image(".jpg"))
    data = load("market1501", market)
    assert data.query.unrecognised == ("query/0002_c1s1_\\udcff.jpg",)
    assert data.fingerprint


def test_images_are_rgb_and_upright(market: Path) -> None:
    image = load("market1501", market).train.read(0)
    assert image.shape == (6, 3, 3)
    assert image.dtype == np.uint8
    assert image.flags.writeable
    assert image[0, 0, 0] > 150 > image[0, 0, 2]
    assert image[5, 0, 2] > 150 > image[5, 0, 0]


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_images_of_every_mode_become_rgb(market: Path, mode: str) -> None:
    ending = "jpg" if mode == "CMYK" else "png"
    path = market / MARKET / "query" / f"0004_c1s1_000001_00.{ending}"
    Image.new("RGB", (3, 6), (200, 40, 40)).convert(mode).save(path)
    query = load("market1501", market).query
    assert query.read(query.names.index(f"query/{path.name}")).shape == (6, 3, 3)


@pytest.mark.parametrize("damage", ["empty", "half", "text", "gone"])
def test_a_damaged_image_fails_at_once_and_names_its_file(market: Path, damage: str) -> None:
    path = market / MARKET / "query" / "0002_c1s1_000451_00.jpg"
    big = Image.fromarray(np.random.default_rng(0).integers(0, 255, (128, 64, 3), np.uint8))
    big.save(path)
    data = load("market1501", market)
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "text": b"no"}[damage])
    with pytest.raises(DataError, match=r"query/0002_c1s1_000451_00\.jpg cannot be read"):
        data.query.read(0)


def test_a_reader_survives_the_way_into_a_worker_process(market: Path) -> None:
    train = load("market1501", market).train
    reader = pickle.loads(pickle.dumps(train.reader))
    assert np.array_equal(reader(1), train.read(1))


def test_a_folder_that_is_gone_or_empty_is_refused(market: Path) -> None:
    train = market / MARKET / "bounding_box_train"
    for path in train.glob("0*.[jJ]*"):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(DataError, match="no images"):
        load("market1501", market)
    with pytest.raises(DataError, match="bounding_box_test cannot be listed"):
        load_market1501(market / "nowhere")


def test_a_person_of_both_training_and_test_is_refused(market: Path) -> None:
    put(market / MARKET / "query", ["0001_c3s1_000001_00.jpg"])
    with pytest.raises(DataError, match="disjoint people"):
        load("market1501", market)
