"""Folders with the layouts and numbers of images of the paper's data sets, but no picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from reidbench.api import DRAWN_MARK

IMAGENET = 1_281_167
LINKS = 50_000
"""Names of one file: file systems allow 65 000."""
PEOPLE: Mapping[str, tuple[int, int, int, int]] = {
    "market1501": (751, 12_936, 3_368, 15_913),
    "dukemtmcreid": (702, 16_522, 2_228, 17_661),
    "cuhk03-np/detected": (767, 7_365, 1_400, 5_332),
}
"""Trained people, and images to train on, to ask with and to search, by folder."""


def write_lists(root: Path) -> None:
    """Write ImageNet's training part and three sets of people: names without pictures.

    The sets of people are marked as drawn, so that their numbers may differ.
    """
    for folder, (people, trained, asked, searched) in PEOPLE.items():
        home = root / folder
        _fill(home / "bounding_box_train", _people(range(1, people + 1), trained))
        others = range(people + 1, 2 * people + 1)
        _fill(home / "query", _people(others, asked))
        _fill(home / "bounding_box_test", _people(others, searched))
        (home / DRAWN_MARK).write_text("Names without pictures.\n")
    # Of 1 281 images a class, the first 167 classes have one more.
    for number in range(1000):
        name = f"n{number + 1_440_764:08d}"
        images = IMAGENET // 1000 + (number < IMAGENET % 1000)
        _fill(root / "imagenet/train" / name, (f"{name}_{i}.JPEG" for i in range(images)))


def _people(people: range, images: int) -> Iterable[str]:
    for number in range(images):
        person, camera = people[number % len(people)], 1 + number // len(people) % 6
        yield f"{person:04d}_c{camera}s1_{number:06d}_00.jpg"


def _fill(folder: Path, names: Iterable[str]) -> None:
    """Give one short file all the names: a file each would take a block of the disk each."""
    folder.mkdir(parents=True)
    at = os.open(folder, os.O_RDONLY)
    try:
        for number, name in enumerate(names):
            if number % LINKS == 0:
                first = name
                (folder / first).write_bytes(b"0")
            else:
                os.link(first, name, src_dir_fd=at, dst_dir_fd=at)
    finally:
        os.close(at)
