"""Data sets in Market-1501's layout: three folders, identity and camera in each file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reidbench.api import ReIDData, Split
from reidbench_plugins.datasets.photographs.facts import BOXES, PUBLISHED, VERI_BOXES
from reidbench_plugins.datasets.photographs.files import Photo, image_sizes, is_drawn, photo_split

# The authors' pattern, for the whole name: "... (1).jpg" is a copy, and no image of theirs.
_NAME = re.compile(r"(-1|[0-9]{1,4})_c([0-9]+)[\w-]*(\.\w+)+", re.IGNORECASE)


@dataclass(frozen=True)
class Naming:
    """The identities and cameras, numbered as in file names, that a set's files may have."""

    pids: range
    cameras: range

    def parse(self, name: str) -> tuple[int, int] | None:
        """Return a file's identity and its camera from 0; None if the name breaks the rules."""
        found = _NAME.fullmatch(name)
        # The authors' names are ASCII; others may not even be valid text, which the digest needs.
        if found is None or not name.isascii():
            return None
        pid, camera = int(found[1]), int(found[2])
        return (pid, camera - 1) if pid in self.pids and camera in self.cameras else None


MARKET = Naming(range(1, 1502), range(1, 7))
MARKET_GALLERY = Naming(range(-1, 1502), range(1, 7))  # -1 is junk, 0 distractors
DUKE = Naming(range(1, 10_000), range(1, 9))
CUHK03 = Naming(range(1, 1468), range(1, 3))
VERI = Naming(range(1, 777), range(1, 21))

EXTRA = "images"
EXTRA_CAMERA = 6  # the distractors' cameras are unknown; the six real ones are 0-5
_DISTRACTOR = 0


def load_boxes(
    folder: Path, *, name: str, naming: Naming, boxes: tuple[str, str, str] = BOXES
) -> ReIDData:
    """Return a data set of three folders whose files all follow one rule of naming.

    ``boxes`` are the folders of training, query and gallery images.

    Raises:
        DataError: a folder cannot be listed, or the training folder holds no image.
    """
    train, query, gallery = (_box_split(folder, box, naming) for box in boxes)
    return ReIDData(name, train, query, gallery, PUBLISHED[name], drawn=is_drawn(folder))


def _box_split(root: Path, box: str, naming: Naming) -> Split:
    return photo_split(root, *_recognised(root, box, naming))


def _recognised(root: Path, box: str, naming: Naming) -> tuple[list[Photo], list[str]]:
    photos, unrecognised = [], []
    for name, size in image_sizes(root, box).items():
        parsed = naming.parse(name.rpartition("/")[2])
        if parsed is None:
            unrecognised.append(name)
        else:
            photos.append(Photo(name, size, *parsed))
    return photos, unrecognised


def _market1501(folder: Path, *, name: str, extra: bool) -> ReIDData:
    train, query, gallery = BOXES
    photos, unrecognised = _recognised(folder, gallery, MARKET_GALLERY)
    for image, size in image_sizes(folder, EXTRA).items() if extra else ():
        if image.isascii():
            photos.append(Photo(image, size, _DISTRACTOR, EXTRA_CAMERA))
        else:
            unrecognised.append(image)
    return ReIDData(
        name,
        train=_box_split(folder, train, MARKET),
        query=_box_split(folder, query, MARKET),
        gallery=photo_split(folder, photos, unrecognised),
        published=PUBLISHED[name],
        drawn=is_drawn(folder),
    )


load_market1501 = partial(_market1501, name="market1501", extra=False)
"""Market-1501: 751 + 750 people, 6 cameras (Zheng et al., ICCV 2015).

The gallery holds distractors as identity 0 and junk as -1. Junk and distractors among the training
images or the queries are names that break the rules there.
"""
load_market1501_500k = partial(_market1501, name="market1501-500k", extra=True)
"""Market-1501 with the 500,000 distractors of ``images`` in its gallery.

They are identity 0 whatever their files are called, and seen by a seventh camera of their own. No
query is a distractor, so that camera never decides about a match.
"""
load_dukemtmcreid = partial(load_boxes, name="dukemtmcreid", naming=DUKE, boxes=BOXES)
"""DukeMTMC-reID: 702 + 702 people, 8 cameras (Zheng et al., ICCV 2017).

The gallery's 408 further people are its distractors, under identities of their own.
"""
load_occluded_duke = partial(load_boxes, name="occluded-duke", naming=DUKE, boxes=BOXES)
"""Occluded-DukeMTMC: every query is occluded (Miao et al., ICCV 2019)."""
load_veri776 = partial(load_boxes, name="veri-776", naming=VERI, boxes=VERI_BOXES)
"""VeRi-776: 576 + 200 vehicles, 20 cameras (Liu et al., ECCV 2016), a vehicle as an identity.

An image asks for images (image to image). The queries are gallery images too: evaluation leaves
them out, as all that the query's own camera saw of its vehicle.
"""
