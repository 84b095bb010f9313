"""Occluded-ReID: a test set alone, whose queries are occluded and whose gallery is not."""

from __future__ import annotations

import os
from pathlib import Path

from reidbench.api import DataError, ReIDData, Split
from reidbench_plugins.datasets.photographs.facts import OCCLUDED, PUBLISHED, WHOLE
from reidbench_plugins.datasets.photographs.files import (
    SUFFIXES,
    Photo,
    image_sizes,
    is_drawn,
    photo_split,
)

_PIDS = range(1, 201)
_WITH_TIFF = (*SUFFIXES, ".tif", ".tiff")


def load(folder: Path) -> ReIDData:
    """Return Occluded-ReID (Zhuo et al. 2018): 200 people, whom nothing is trained on.

    Files are named ``person/person_....tif``, in a folder of occluded people, which are the
    queries, and one of whole people, the gallery. No camera is published: each folder stands for
    one, so that every query is answered by all whole pictures of its person.

    Raises:
        DataError: a folder cannot be listed.
    """
    return ReIDData(
        "occluded-reid",
        train=photo_split(folder, [], ()),
        query=_bodies(folder, OCCLUDED, 0),
        gallery=_bodies(folder, WHOLE, 1),
        published=PUBLISHED["occluded-reid"],
        drawn=is_drawn(folder),
        test_only=True,
    )


def _bodies(root: Path, bodies: str, camid: int) -> Split:
    photos, unrecognised = [], []
    for person in _people(root / bodies):
        for name, size in image_sizes(root, f"{bodies}/{person}", _WITH_TIFF).items():
            pid = _pid(person, name.rpartition("/")[2])
            if pid is None:
                unrecognised.append(name)
            else:
                photos.append(Photo(name, size, pid, camid))
    return photo_split(root, photos, unrecognised)


def _pid(person: str, name: str) -> int | None:
    """Return the person that folder and file name agree on; None if they do not."""
    if not (person.isascii() and person.isdigit() and name.isascii()):
        return None
    return int(person) if name.startswith(f"{person}_") and int(person) in _PIDS else None


def _people(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(it.name for it in entries if it.is_dir() and it.name[0] not in "._")
    except OSError as error:
        raise DataError(
            f"{folder} cannot be listed ({error.strerror}); "
            "it should hold a folder of images for each person"
        ) from error
