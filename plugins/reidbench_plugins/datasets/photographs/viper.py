"""VIPeR: people seen once by each of two cameras, split into random halves."""

from __future__ import annotations

import re
from pathlib import Path

from reidbench.api import ReIDData
from reidbench_plugins.datasets.photographs.facts import PUBLISHED
from reidbench_plugins.datasets.photographs.files import Photo, image_sizes, is_drawn, photo_split
from reidbench_plugins.datasets.photographs.halves import refuse_other_splits, training_half

RULE = "viper/1"
"""The name of the rule that draws a half: another rule has another name."""
CAMERAS = ("cam_a", "cam_b")

_NAME = re.compile(r"([0-9]{3})_([0-9]{1,3})\.bmp", re.IGNORECASE)


def load(folder: Path, *, split: int = 0) -> ReIDData:
    """Return one of ten splits of VIPeR (Gray et al. 2007): half of the people train.

    Files are named ``person_angle.bmp``, in a folder for each camera. Of the test people, the
    pictures by camera a are the queries and those by camera b the gallery. Who trains is decided
    by SHA-256, so the same files give the same splits everywhere.

    Args:
        folder: the folder of both cameras.
        split: 0 to 9.

    Raises:
        DataError: no such split, a folder cannot be listed, or fewer than four people.
    """
    refuse_other_splits("viper", split)
    photos, unrecognised = _photos(folder)
    trained = training_half(RULE, split, photos, folder, "cam_a/001_45.bmp")
    asked, searched = (
        [photo for photo in photos if photo.pid not in trained and photo.camid == camid]
        for camid in range(len(CAMERAS))
    )
    return ReIDData(
        "viper",
        train=photo_split(folder, [it for it in photos if it.pid in trained], unrecognised),
        query=photo_split(folder, asked, ()),
        gallery=photo_split(folder, searched, ()),
        published=PUBLISHED["viper"],
        drawn=is_drawn(folder),
    )


def _photos(folder: Path) -> tuple[list[Photo], list[str]]:
    photos, unrecognised = [], []
    for camid, camera in enumerate(CAMERAS):
        for name, size in image_sizes(folder, camera).items():
            found = _NAME.fullmatch(name.rpartition("/")[2])
            if found is None:
                unrecognised.append(name)
            else:
                photos.append(Photo(name, size, int(found[1]), camid))
    return photos, unrecognised
