"""CUHK03 from its original MATLAB file, against the rules read cell by cell."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.api import DataError, ReIDData
from reidbench_plugins.datasets.photographs.cuhk03_mat import parse
from tests.builtin_plugins.datasets.photo_trees import load, put_boxes, rows

pytest.importorskip("h5py", reason="pip install 'reidbench[cuhk03]'")
from tests.builtin_plugins.datasets.cuhk03_tree import put_mat, put_protocol

PEOPLE = 3
NAMES = {"detected": "cuhk03np-detected", "labeled": "cuhk03np-labelled"}


def draw(boxes: str, pair: int, person: int, shot: int) -> np.ndarray:
    """Return an image (height, width, 3) of a size and colours that nobody else has."""
    seed = [pair, person, shot, len(boxes)]
    height, width = 10 + pair + shot, 5 + person
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def shots(boxes: str) -> dict[tuple[int, int, int], np.ndarray]:
    """Return every image but the fifth and tenth of each person: those cells are empty."""
    return {
        (pair, person, shot): draw(boxes, pair, person, shot)
        for pair in range(1, 6)
        for person in range(1, PEOPLE + 1)
        for shot in range(1, 11)
        if shot % 5
    }


def file_names(boxes: str) -> list[str]:
    return [
        f"{pair}_{person:03d}_{1 if shot <= 5 else 2}_{shot:02d}.png"
        for pair, person, shot in shots(boxes)
    ]


def pid_of(name: str) -> int:
    """Return a person's identity in the whole set: people count on from pair to pair."""
    pair, person = int(name[0]), int(name[2:5])
    return (pair - 1) * PEOPLE + person


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with both boxes: pairs 1-3 are trained on; shots 1 and 6 are queries."""
    root = tmp_path_factory.mktemp("cuhk03")
    mats = {boxes: shots(boxes) for boxes in NAMES}
    put_mat(root / "cuhk03" / "cuhk03_release" / "cuhk-03.mat", mats, PEOPLE)
    for boxes in NAMES:
        write_protocol(root / "cuhk03", boxes, file_names(boxes))
    return root


def write_protocol(folder: Path, boxes: str, names: list[str]) -> None:
    trained = [i for i, name in enumerate(names, 1) if name[0] in "123"]
    asked = [i for i, name in enumerate(names, 1) if name[0] in "45" and name[8:10] in ("01", "06")]
    searched = [i for i in range(1, len(names) + 1) if i not in trained and i not in asked]
    file = folder / f"cuhk03_new_protocol_config_{boxes}.mat"
    put_protocol(file, names, [pid_of(name) for name in names], (trained, asked, searched[::-1]))


@pytest.mark.parametrize("boxes", NAMES)
def test_the_splits_are_those_of_the_new_protocol(tree: Path, boxes: str) -> None:
    data = load(NAMES[boxes], tree)
    everything = sorted(file_names(boxes))
    expected: dict[str, list[tuple[str, int, int]]] = {"train": [], "query": [], "gallery": []}
    for name in everything:
        row = (name, pid_of(name), 0 if name.split("_")[2] == "1" else 1)
        if name[0] in "123":
            expected["train"].append(row)
        elif name.endswith(("_01.png", "_06.png")):
            expected["query"].append(row)
        else:
            expected["gallery"].append(row)
    assert {name: rows(getattr(data, name)) for name in expected} == expected
    assert data.counts.cameras == 2
    assert not data.drawn


@pytest.mark.parametrize("boxes", NAMES)
def test_pixels_come_out_of_matlabs_order_upright_and_rgb(tree: Path, boxes: str) -> None:
    data = load(NAMES[boxes], tree)
    for split in (data.train, data.query, data.gallery):
        for i, name in enumerate(split.names):
            pair, person, shot = int(name[0]), int(name[2:5]), int(name[8:10])
            image = split.read(i)
            assert np.array_equal(image, draw(boxes, pair, person, shot))
            assert image.flags.writeable


def test_detected_and_labelled_boxes_are_different_data(tree: Path) -> None:
    one, two = load("cuhk03np-detected", tree), load("cuhk03np-labelled", tree)
    assert not np.array_equal(one.train.read(0), two.train.read(0))


def read_first(data: ReIDData) -> bytes:
    return data.train.read(0).tobytes()


def test_images_are_read_in_worker_processes_of_either_kind(tree: Path) -> None:
    data = load("cuhk03np-detected", tree)
    here = read_first(data)
    assert pickle.loads(pickle.dumps(data.train.reader))(0).tobytes() == here
    for kind in ("fork", "spawn"):
        with multiprocessing.get_context(kind).Pool(1) as pool:
            assert pool.map(read_first, [data])[0] == here


def test_folders_are_preferred_and_hold_the_same_rules(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "cuhk03").symlink_to(tree / "cuhk03")
    put_boxes(
        tmp_path / "cuhk03-np" / "detected",
        ["0001_c1_1.png", "0001_c2_2.png"],
        ["0800_c1_1.png"],
        ["0800_c2_2.png", "0800_c3_2.png"],
    )
    data = load("cuhk03np-detected", tmp_path)
    assert rows(data.gallery) == [("bounding_box_test/0800_c2_2.png", 800, 1)]
    assert data.gallery.unrecognised == ("bounding_box_test/0800_c3_2.png",)
    assert len(load("cuhk03np-labelled", tmp_path).train) == 3 * PEOPLE * 8


@pytest.fixture
def copy(tree: Path, tmp_path: Path) -> Path:
    """Return a root with its own protocol file and the shared images."""
    folder = tmp_path / "cuhk03"
    folder.mkdir()
    (folder / "cuhk03_release").symlink_to(tree / "cuhk03" / "cuhk03_release")
    return tmp_path


def test_images_of_empty_cells_are_missing_and_counted(copy: Path) -> None:
    names = [*file_names("detected"), "1_001_1_05.png", "1_099_1_01.png"]
    write_protocol(copy / "cuhk03", "detected", names)
    with pytest.raises(DataError, match=r"2 of 74 images .* the first is 1_001_1_05\.png"):
        load("cuhk03np-detected", copy)


def test_names_that_break_the_rules_are_left_out(copy: Path) -> None:
    odd = ["1_001_2_01.png", "6_001_1_01.png", "1_001_1_11.png", "1_000_1_01.png", "1_001_1_x.png"]
    write_protocol(copy / "cuhk03", "detected", [*file_names("detected"), *odd])
    data = load("cuhk03np-detected", copy)
    assert sorted((*data.train.unrecognised, *data.gallery.unrecognised)) == sorted(odd)


@pytest.mark.parametrize("splits", [([0], [1], [2]), ([1], [1], [9999])])
def test_indices_outside_the_list_are_refused(copy: Path, splits: tuple[list[int], ...]) -> None:
    file = copy / "cuhk03" / "cuhk03_new_protocol_config_detected.mat"
    names = file_names("detected")
    put_protocol(file, names, [1] * len(names), splits)
    with pytest.raises(DataError, match=r"config_detected\.mat is not the new protocol's"):
        load("cuhk03np-detected", copy)


def test_damaged_files_are_named(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cuhk03"
    (folder / "cuhk03_release").mkdir(parents=True)
    (folder / "cuhk03_release" / "cuhk-03.mat").write_bytes(b"no")
    protocol = folder / "cuhk03_new_protocol_config_detected.mat"
    protocol.write_bytes(b"no")
    with pytest.raises(DataError, match="config_detected"):
        load("cuhk03np-detected", tmp_path)
    protocol.write_bytes((tree / "cuhk03" / protocol.name).read_bytes())
    with pytest.raises(DataError, match=r"cuhk-03\.mat is not a MATLAB 7\.3 file"):
        load("cuhk03np-detected", tmp_path)
    (folder / "cuhk03_release" / "cuhk-03.mat").unlink()
    put_mat(folder / "cuhk03_release" / "cuhk-03.mat", {"labeled": {}}, 1)
    with pytest.raises(DataError, match=r"cuhk-03\.mat is not CUHK03's file"):
        load("cuhk03np-detected", tmp_path)


def test_a_file_that_breaks_between_listing_and_reading_names_the_image(tmp_path: Path) -> None:
    folder = tmp_path / "cuhk03"
    mat = folder / "cuhk03_release" / "cuhk-03.mat"
    put_mat(mat, {"detected": shots("detected")}, PEOPLE)
    write_protocol(folder, "detected", file_names("detected"))
    data = load("cuhk03np-detected", tmp_path)
    mat.write_bytes(b"no")
    with pytest.raises(DataError, match=r"cuhk-03\.mat: image 1_001_1_01\.png cannot be read"):
        data.train.read(0)


def test_without_h5py_the_error_says_how_to_get_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DataError, match=r"pip install 'reidbench\[cuhk03\]'"):
        load("cuhk03np-detected", tree)


@settings(max_examples=200)
@given(st.from_regex(r"[0-6]_[0-9]{3}_[0-3]_[01][0-9]\.png", fullmatch=True) | st.text(max_size=15))
def test_a_name_is_a_cell_when_its_view_is_that_of_its_shot(name: str) -> None:
    fields = name.removesuffix(".png").split("_")
    right = name.endswith(".png") and [len(field) for field in fields] == [1, 3, 1, 2]
    right = right and name.isascii() and all(field.isdigit() for field in fields)
    if right:
        pair, person, view, shot = map(int, fields)
        right = 1 <= pair <= 5 and person >= 1 and view == (1 if shot <= 5 else 2)
        right = right and 1 <= shot <= 10
        assert parse(name) == ((pair - 1, person - 1, shot - 1) if right else None)
        assert not right or parse(name).camid == view - 1  # type: ignore[union-attr]
    elif len(fields) != 4:
        assert parse(name) is None
