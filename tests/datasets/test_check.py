"""What is wrong with a data set is found, named and counted; a sound one is left in peace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reidbench.api.data import ClassificationData, Counts, LabelledImages, ReIDData, Split
from reidbench.datasets.check import (
    Comparison,
    Finding,
    compare,
    image_count,
    inspect_lists,
    read_images,
)
from reidbench.datasets.locate import open_dataset
from reidbench.plugins import Registry
from tests.support.tiny_disk import draw, photograph, tiny_disk

Sighting = tuple[int, int]


def blank(index: int) -> np.ndarray:
    return np.zeros((4, 2, 3), np.uint8)


def split(name: str, sightings: list[Sighting], **more: object) -> Split:
    """Return a split of (person, camera)s."""
    return Split(
        pids=np.array([person for person, _ in sightings], np.int64),
        camids=np.array([camera for _, camera in sightings], np.int64),
        names=tuple(f"{name}/{i}.jpg" for i in range(len(sightings))),
        reader=more.pop("reader", blank),
        **more,
    )


def people(
    query: list[Sighting], gallery: list[Sighting], published: Counts | None = None
) -> ReIDData:
    train = split("train", [(1000, 0), (1001, 1)])
    return ReIDData("toy", train, split("query", query), split("gallery", gallery), published)


@pytest.fixture
def on_disk(tiny_registry: Registry, tmp_path: Path) -> tuple[Path, Callable[[], ReIDData]]:
    """Return the folder of complete photographs, and what opens it."""
    folder = photograph(tiny_registry, tmp_path)

    def opened() -> ReIDData:
        data = open_dataset(tiny_disk(tiny_registry), {}, tmp_path)
        assert isinstance(data, ReIDData)
        return data

    return folder, opened


# --- counts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "published", "verdict", "differs"),
    [
        (751, 751, "as published", False),
        (750, 751, "1 missing", True),
        (760, 751, "9 too many", True),
        (751, None, "-", False),
    ],
)
def test_a_count_is_held_against_the_published_one(
    found: int, published: int | None, verdict: str, differs: bool
) -> None:
    comparison = Comparison("people", found, published)
    assert (comparison.verdict, comparison.differs) == (verdict, differs)


def test_a_complete_set_is_as_published(on_disk: tuple[Path, Callable[[], ReIDData]]) -> None:
    data = on_disk[1]()
    assert [one.verdict for one in compare(data)] == ["as published"] * 6
    assert inspect_lists(data) == []


def test_missing_files_show_in_every_count_they_touch(
    on_disk: tuple[Path, Callable[[], ReIDData]],
) -> None:
    folder, opened = on_disk
    for path in (folder / "train").glob("0007_*"):
        path.unlink()
    (finding,) = inspect_lists(opened())
    assert finding.fault
    assert finding.sentence == (
        "2 of 6 counts differ from the published: training people 11 (1 missing), training images "
        "88 (8 missing); results on it are no results on the published data set"
    )


def test_junk_counts_for_nothing() -> None:
    data = people([(1, 0)], [(1, 1), (0, 1), (-1, 0)], Counts(gallery_images=2))
    found = {one.what: one.verdict for one in compare(data)}
    assert found["gallery images (no junk)"] == "as published"
    assert found["training people"] == "-"


def test_a_stand_in_is_held_against_no_published_count(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    folder = draw(tiny_registry, tmp_path)
    next((folder / "train").iterdir()).unlink()
    data = open_dataset(tiny_disk(tiny_registry), {}, tmp_path)
    assert {one.published for one in compare(data)} == {None}
    assert inspect_lists(data) == []


def test_a_classification_set_counts_classes_and_images() -> None:
    things = ClassificationData(
        "things", LabelledImages(np.array([0, 1, 2, 1]), ("a", "b", "c", "d"), blank)
    )
    assert [(one.what, one.found) for one in compare(things)] == [("classes", 3), ("images", 4)]
    assert inspect_lists(things) == [] and read_images(things, lambda done: None) is None


# --- lists ------------------------------------------------------------------------------------


def test_files_that_the_loader_left_out_are_named(
    on_disk: tuple[Path, Callable[[], ReIDData]],
) -> None:
    folder, opened = on_disk
    for name in ("copy of 0101.jpg", "0101_c0_1 (2).jpg"):
        (folder / "gallery" / name).write_bytes(b"")
    assert inspect_lists(opened()) == [
        Finding(
            "left out, because their names break the data set's rules: 2 images",
            ("gallery/0101_c0_1 (2).jpg", "gallery/copy of 0101.jpg"),
        )
    ]


def test_people_whom_one_camera_alone_saw_are_found() -> None:
    (finding,) = inspect_lists(people([(1, 0), (2, 0), (3, 1)], [(1, 0), (1, 1), (2, 0), (-1, 0)]))
    assert finding == Finding(
        "queries without a gallery image of the same person by another camera, which evaluation "
        "leaves out: 2 of 3",
        ("query/1.jpg", "query/2.jpg"),
    )


def test_people_who_are_trained_on_are_found_in_the_gallery() -> None:
    gallery = [(1, 1), (1000, 2), (0, 0), (-1, 0)]
    (finding,) = inspect_lists(people([(1, 0)], gallery))
    assert finding.fault and finding.examples == ("gallery/1.jpg",)
    assert "gallery images of people who are trained on" in finding.sentence


def test_what_belongs_to_the_set_as_published_is_no_fault() -> None:
    counts = Counts(query_images=2, gallery_images=2)
    lone, seen = [(1, 0), (2, 0)], [(1, 1), (2, 0)]
    (note,) = inspect_lists(people(lone, seen, counts))
    assert not note.fault
    _, finding = inspect_lists(people(lone, seen, replace(counts, query_images=3)))
    assert finding.fault


sightings = st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 3)), max_size=12)


@given(query=sightings, gallery=sightings)
def test_a_query_is_unanswerable_exactly_if_nobody_answers_it(
    query: list[Sighting], gallery: list[Sighting]
) -> None:
    slow = tuple(
        f"query/{i}.jpg"
        for i, (person, camera) in enumerate(query)
        if not any(p == person and p >= 0 and c != camera for p, c in gallery)
    )
    found = inspect_lists(people(query, gallery))
    assert tuple(name for finding in found for name in finding.examples) == slow


# --- images -----------------------------------------------------------------------------------


def test_sound_images_are_all_read_and_counted(
    on_disk: tuple[Path, Callable[[], ReIDData]],
) -> None:
    data, ticks = on_disk[1](), list[int]()
    assert read_images(data, ticks.append) is None
    assert sum(ticks) == image_count(data) == 132


def test_damaged_files_are_named_with_what_is_wrong(
    on_disk: tuple[Path, Callable[[], ReIDData]],
) -> None:
    folder, opened = on_disk
    big = np.random.default_rng(0).integers(0, 255, (256, 128, 3), dtype=np.uint8)
    Image.fromarray(big).save(folder / "train" / "0002_c0_0.jpg")
    whole = (folder / "train" / "0002_c0_0.jpg").read_bytes()
    (folder / "train" / "0001_c0_0.jpg").write_bytes(whole[: len(whole) * 9 // 10])
    (folder / "query" / "0101_c0_0.jpg").write_bytes(b"")
    (folder / "gallery" / "0106_c1_2.jpg").write_text("<html>404</html>")
    finding = read_images(opened(), lambda done: None)
    assert finding is not None and finding.fault
    assert finding.sentence == "cannot be read: 3 of 132 images"
    truncated, empty, page = finding.examples
    assert truncated.startswith("train/0001_c0_0.jpg: image file is truncated")
    assert empty == "query/0101_c0_0.jpg: empty, or no image"
    assert page == "gallery/0106_c1_2.jpg: empty, or no image"


def test_a_file_that_goes_while_it_is_read_is_named(
    on_disk: tuple[Path, Callable[[], ReIDData]],
) -> None:
    folder, opened = on_disk
    data = opened()
    (folder / "train" / "0003_c0_0.jpg").unlink()
    finding = read_images(data, lambda done: None)
    assert finding is not None
    assert finding.examples == ("train/0003_c0_0.jpg: No such file or directory",)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((4, 2), np.uint8), "reads as uint8 (4, 2)"),
        (np.zeros((4, 2, 4), np.uint8), "reads as uint8 (4, 2, 4)"),
        (np.zeros((4, 2, 3), np.float32), "reads as float32 (4, 2, 3)"),
        (np.zeros((0, 2, 3), np.uint8), "reads as uint8 (0, 2, 3)"),
    ],
)
def test_an_image_of_another_shape_or_type_is_named(image: np.ndarray, said: str) -> None:
    query = split("query", [(1, 0)], reader=lambda index: image)
    data = replace(people([(1, 0)], [(1, 1)]), query=query)
    finding = read_images(data, lambda done: None)
    assert finding is not None
    assert finding.examples == (f"query/0.jpg: {said}, not as uint8 (height, width, 3)",)


def test_damage_is_told_in_the_order_of_the_lists_whatever_thread_finds_it() -> None:
    def broken(index: int) -> np.ndarray:
        threading.Event().wait(0.002 * (index % 3 == 0))
        raise ValueError(f"number {index}")

    data = replace(
        people([(1, 0)], [(1, 1)]), gallery=split("gallery", [(1, 1)] * 200, reader=broken)
    )
    ticking = set[int]()
    finding = read_images(data, lambda done: ticking.add(threading.get_ident()))
    assert finding is not None
    assert finding.examples == tuple(f"gallery/{i}.jpg: number {i}" for i in range(200))
    assert ticking == {threading.get_ident()}
