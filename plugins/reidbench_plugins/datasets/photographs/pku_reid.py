"""PKU-Reid: people seen by two cameras from eight directions each, split into random halves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from reidbench.api import ReIDData
from reidbench_plugins.datasets.photographs.facts import PUBLISHED
from reidbench_plugins.datasets.photographs.files import Photo, image_sizes, is_drawn, photo_split
from reidbench_plugins.datasets.photographs.halves import draw, refuse_other_splits, training_half

RULE = "pku-reid/1"
"""The name of the rule that draws a half: another rule has another name."""

_NAME = re.compile(r"([0-9]{3})_(0[12])_([1-8])\.png", re.IGNORECASE)
_PIDS = range(1, 115)


def load(folder: Path, *, split: int = 0) -> ReIDData:
    """Return one of ten splits of PKU-Reid (Ma et al. 2016): half of the people train.

    Files are named ``person_camera_direction.png``. Of each test person and camera one picture,
    of a random direction, is the query; the others are in the gallery. Who trains, and which
    picture asks, is decided by SHA-256, so the same files give the same splits everywhere.

    Args:
        folder: the folder of all pictures.
        split: 0 to 9.

    Raises:
        DataError: no such split, the folder cannot be listed, or fewer than four people.
    """
    refuse_other_splits("pku-reid", split)
    photos, unrecognised = _photos(folder)
    trained = training_half(RULE, split, photos, folder, "001_01_1.png")
    test = [photo for photo in photos if photo.pid not in trained]
    queries = _queries(split, test)
    return ReIDData(
        "pku-reid",
        train=photo_split(folder, [it for it in photos if it.pid in trained], unrecognised),
        query=photo_split(folder, queries, ()),
        gallery=photo_split(folder, [it for it in test if it not in queries], ()),
        published=PUBLISHED["pku-reid"],
        drawn=is_drawn(folder),
    )


def _photos(folder: Path) -> tuple[list[Photo], list[str]]:
    photos, unrecognised = [], []
    for name, size in image_sizes(folder, ".").items():
        file = name.removeprefix("./")
        found = _NAME.fullmatch(file)
        if found is None or int(found[1]) not in _PIDS:
            unrecognised.append(file)
        else:
            photos.append(Photo(file, size, int(found[1]), int(found[2]) - 1))
    return photos, unrecognised


def _queries(split: int, test: Sequence[Photo]) -> list[Photo]:
    """Return the picture of each person and camera that comes first in the split's order."""
    chosen: dict[tuple[int, int], Photo] = {}
    for photo in sorted(test, key=lambda photo: draw(RULE, split, "query", photo.name)):
        chosen.setdefault((photo.pid, photo.camid), photo)
    return sorted(chosen.values())
