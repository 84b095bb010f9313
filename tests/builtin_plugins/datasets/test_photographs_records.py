"""What the records of photographed sets promise: places, published numbers, lazy imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reidbench.api import Counts
from tests.builtin_plugins.datasets.photo_trees import BY_NAME, load, put_boxes, put_msmt17

# Training people and images, people and images asked for, images searched, cameras: as the
# authors' papers and pages state them.
PUBLISHED = {
    "market1501": (751, 12936, 750, 3368, 15913, 6),
    "market1501-500k": (751, 12936, 750, 3368, 515913, 7),  # the seventh is nobody's
    "dukemtmcreid": (702, 16522, 702, 2228, 17661, 8),
    "occluded-duke": (702, 15618, 519, 2210, 17661, 8),
    "cuhk03np-detected": (767, 7365, 700, 1400, 5332, 2),
    "cuhk03np-labelled": (767, 7368, 700, 1400, 5328, 2),
    "msmt17-v1": (1041, 32621, 3060, 11659, 82161, 15),
    "msmt17-v2": (1041, 32621, 3060, 11659, 82161, 15),
}
PLACES = [
    (name, place.folder)
    for name, record in BY_NAME.items()
    if record.disk
    for place in record.disk.places
    if "bounding_box_train" in place.needs or "list_train.txt" in place.needs
]


def put(name: str, folder: Path) -> None:
    """Create a small copy of a set in a folder."""
    if name.startswith("msmt17"):
        first = [("0000/0000_000_01_0303morning_0015_0.jpg", 0)]
        second = [("0000/0000_001_02_0303morning_0015_0.jpg", 0)]
        lists = {"train": first, "val": second, "query": first, "gallery": second}
        put_msmt17(folder, lists, v2=name == "msmt17-v2")
        return
    put_boxes(folder, ["0001_c1_1.jpg"], ["0800_c1_1.jpg"], ["0800_c2_1.jpg"])
    if name == "market1501-500k":
        (folder / "images").mkdir()


def test_every_set_is_there() -> None:
    # The others have no layout of boxes and lists, and a test of their own with their numbers.
    others = {"pku-reid", "veri-776", "viper", "occluded-reid"}
    assert BY_NAME.keys() == {*PUBLISHED, *others}


@pytest.mark.parametrize("name", ["veri-776", "viper", "occluded-reid"])
def test_what_goes_where_is_told_of_the_sets_with_a_layout_of_their_own(name: str) -> None:
    disk = BY_NAME[name].disk
    assert disk is not None
    assert disk.tree.startswith(f"{disk.places[0].folder}/\n")
    assert all(f"  {need}/" in disk.tree for need in disk.places[0].needs)
    assert disk.origin and disk.licence and disk.ethics


@pytest.mark.parametrize(("name", "folder"), PLACES)
def test_a_set_is_found_in_each_of_its_places_and_states_its_numbers(
    name: str, folder: str, tmp_path: Path
) -> None:
    put(name, tmp_path / folder)
    data = load(name, tmp_path)
    assert data.name == name
    assert not data.drawn
    keys = (
        "train_ids",
        "train_images",
        "query_ids",
        "query_images",
        "gallery_images",
        "cameras",
    )
    assert data.published == Counts(**dict(zip(keys, PUBLISHED[name], strict=True)))
    assert data.counts != data.published


def test_without_list_val_msmt17_trains_on_fewer_images(tmp_path: Path) -> None:
    put("msmt17-v1", tmp_path / "MSMT17_V1")
    published = load("msmt17-v1", tmp_path, with_val=False).published
    assert published is not None
    assert (published.train_ids, published.train_images) == (1041, 30248)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_user_is_told_where_it_goes_and_what_it_is(name: str, tmp_path: Path) -> None:
    disk = BY_NAME[name].disk
    assert disk is not None
    assert disk.places[0].folder in disk.tree
    assert disk.origin
    assert disk.licence
    assert disk.ethics
    assert bool(disk.writer) == (disk.stand_in == "synthped")
    assert disk.find(tmp_path) is None


@pytest.mark.parametrize("name", ["dukemtmcreid", "occluded-duke"])
def test_it_is_said_that_duke_was_withdrawn(name: str) -> None:
    disk = BY_NAME[name].disk
    assert disk is not None
    assert "withdrew it in 2019" in disk.ethics
    assert "consent" in disk.ethics


def test_discovery_decodes_no_image() -> None:
    code = (
        "import sys; from reidbench_plugins.datasets.photographs import RECORDS; "
        "heavy = {'numpy', 'PIL', 'torch', 'scipy', 'h5py'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_folder_layout_needs_neither_scipy_nor_h5py(tmp_path: Path) -> None:
    put("cuhk03np-detected", tmp_path / "cuhk03-np" / "detected")
    code = (
        "import sys; from pathlib import Path; "
        "from reidbench_plugins.datasets.photographs.cuhk03 import load_detected; "
        f"load_detected(Path({str(tmp_path / 'cuhk03-np' / 'detected')!r})); "
        "heavy = {'torch', 'scipy', 'h5py'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
