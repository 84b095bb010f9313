"""Which files of a class tree are images, of which class, and how broken ones are reported."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.datasets import ImageFolder

from reidbench.api import DataError
from reidbench_plugins.datasets.imagefolder import RECORDS
from reidbench_plugins.datasets.imagefolder.tree import SUFFIXES, labelled, load

(IMAGENET,) = RECORDS
Tree = dict[str, dict[str, bytes]]


def plant(root: Path, tree: Tree) -> Path:
    for folder, files in tree.items():
        (root / folder).mkdir(parents=True)
        for name, content in files.items():
            (root / folder / name).write_bytes(content)
    return root


TREE: Tree = {
    "n02": {"b.jpg": b"22", "a.JPEG": b"1", "a.jpeg.txt": b"no"},
    "n01": {"z.PNG": b"1", "._z.PNG": b"1", "Thumbs.db": b"1", ".hidden.jpg": b"1"},
    ".cache": {"x.jpg": b"1"},
}


def test_classes_are_the_sorted_folders_and_images_the_sorted_files(tmp_path: Path) -> None:
    images = labelled(plant(tmp_path, TREE))
    assert images.names == ("n01/z.PNG", "n02/a.JPEG", "n02/b.jpg")
    assert images.labels.tolist() == [0, 1, 1]
    assert images.labels.dtype == np.int64


names = st.lists(
    st.tuples(
        st.text("abAB01_-", min_size=1, max_size=4), st.sampled_from([*SUFFIXES, ".txt", ".db", ""])
    ).map("".join),
    max_size=5,
    # Some file systems do not tell upper case from lower.
    unique_by=str.lower,
)


@settings(max_examples=40)
@given(classes=st.lists(names, min_size=2, max_size=5), upper=st.booleans())
def test_the_images_are_those_that_torchvision_finds(classes: list[list[str]], upper: bool) -> None:
    tree = {
        f"c{k}": {(n.upper() if upper else n): b"x" for n in [f"first{k}.jpeg", *files]}
        for k, files in enumerate(classes)
    }
    with tempfile.TemporaryDirectory() as folder:
        root = plant(Path(folder), tree)
        ours = labelled(root)
        theirs = ImageFolder(root).samples
    found = [(str(root / name), int(k)) for name, k in zip(ours.names, ours.labels, strict=True)]
    assert sorted(found) == sorted(theirs)


def test_the_digest_tells_sizes_and_names_and_nothing_else(tmp_path: Path) -> None:
    one = labelled(plant(tmp_path / "one", TREE))
    two = labelled(plant(tmp_path / "two", TREE))
    os.utime(tmp_path / "two" / "n02" / "b.jpg", (0, 0))
    assert one.digest == two.digest == labelled(tmp_path / "two").digest
    (tmp_path / "two" / "n02" / "b.jpg").write_bytes(b"333")
    resized = labelled(tmp_path / "two").digest
    (tmp_path / "one" / "n02" / "b.jpg").rename(tmp_path / "one" / "n02" / "c.jpg")
    assert len({one.digest, resized, labelled(tmp_path / "one").digest}) == 3


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "1", "P", "LA", "RGBA"])
def test_images_of_every_kind_are_read_as_rgb(tmp_path: Path, mode: str) -> None:
    name = "x.JPEG" if mode in ("RGB", "L", "CMYK") else "x.png"
    plain = Image.new("RGB", (6, 9), (255, 255, 255)).convert(mode)
    saved(tmp_path / "a" / name, plain)
    saved(tmp_path / "b" / "y.png", Image.new("L", (2, 2)))
    image = labelled(tmp_path).read(0)
    assert image.shape == (9, 6, 3)
    assert image.dtype == np.uint8
    assert image.min() > 250


def truncated(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-800])


def text(path: Path) -> None:
    path.write_text("no picture")


def folder(path: Path) -> None:
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("spoil", [truncated, text, folder])
def test_an_image_that_cannot_be_decoded_is_named(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    for name in ("a", "b"):
        saved(tmp_path / name / "x.jpg", Image.new("RGB", (4, 4)))
    images = labelled(tmp_path)
    spoil(tmp_path / "b" / "x.jpg")
    assert images.read(0).shape == (4, 4, 3)
    with pytest.raises(DataError, match=r"b.x\.jpg cannot be read as an image"):
        images.read(1)


def test_a_reader_survives_the_way_into_a_worker_process(tmp_path: Path) -> None:
    for name in ("a", "b"):
        saved(tmp_path / name / "x.png", Image.new("RGB", (4, 4), (9, 8, 7)))
    reader = pickle.loads(pickle.dumps(labelled(tmp_path).reader))
    assert reader(1)[0, 0].tolist() == [9, 8, 7]


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"a": {"x.jpg": b"1"}, "b": {"x.txt": b"1"}}, r"b is a class without images \(\.jpeg"),
        ({"a": {"x.jpg": b"1"}, "b": {}}, "b is a class without images"),
        ({"a": {"x.jpg": b"1"}, "b": {"y.jpg": b""}}, r"y\.jpg has 0 bytes; restore it"),
        ({".git": {"x.jpg": b"1"}}, "has no folders, and should have one for each class"),
    ],
)
def test_a_tree_that_is_not_whole_is_refused(tmp_path: Path, tree: Tree, words: str) -> None:
    with pytest.raises(DataError, match=words):
        labelled(plant(tmp_path, tree))


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    plant(tmp_path, {"a": {"x.jpg": b"1"}, "b": {"y.jpg": b"1"}})
    (tmp_path / "b" / "z.jpg").symlink_to(tmp_path / "gone.jpg")
    with pytest.raises(DataError, match=r"z\.jpg cannot be found"):
        labelled(tmp_path)


def test_a_train_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train").write_text("")
    with pytest.raises(DataError, match="train cannot be listed"):
        load(tmp_path)


def test_a_name_that_no_text_can_hold_is_refused(tmp_path: Path) -> None:
    plant(tmp_path, {"a": {"x.jpg": b"1"}, "b": {"y.jpg": b"1"}})
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/b/\xff.jpg")).write_bytes(b"1")
    except OSError:
        pytest.skip("this file system takes no such names")
    with pytest.raises(DataError, match=r"'b/\\udcff.jpg' is not valid UTF-8"):
        labelled(tmp_path)


@pytest.mark.parametrize("place", ["imagenet", "ImageNet", "ILSVRC2012"])
def test_imagenet_is_found_under_each_of_its_folders(tmp_path: Path, place: str) -> None:
    assert IMAGENET.disk is not None
    (tmp_path / place).mkdir()
    assert IMAGENET.disk.find(tmp_path) is None
    plant(tmp_path / place / "train", TREE)
    found = IMAGENET.disk.find(tmp_path)
    assert found is not None
    data = IMAGENET.build({}, found)
    assert (data.name, data.drawn, len(data.train)) == ("imagenet", False, 3)
    assert IMAGENET.task == "classification"
    assert not IMAGENET.drawn
