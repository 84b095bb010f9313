"""MSMT17: images in a folder for each person, and text files that list each split."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from reidbench.api import DataError, ReIDData, Split
from reidbench_plugins.datasets.photographs.facts import PUBLISHED
from reidbench_plugins.datasets.photographs.files import (
    Photo,
    image_sizes,
    is_drawn,
    is_image,
    photo_split,
)

TRAIN_IDS, TEST_IDS, CAMERAS = 1041, 3060, 15

_LINE = re.compile(r"((?:[^/\s]+/)*[^/\s]+)\s+([0-9]{1,9})")
# Person, image of that person, camera; of the file name alone, as folders may contain "_" too.
_NAME = re.compile(r"[0-9]{4}_[0-9]{3,}_([0-9]{2})_")


def _load(folder: Path, *, name: str, train: str, test: str, with_val: bool = True) -> ReIDData:
    """Return MSMT17: 1,041 + 3,060 people, 15 cameras.

    Identities start at 0 in training and in test: here the test's follow the training's, from
    1041 on, so that no number means two people. Identity 0 is a person like any other.

    Args:
        folder: the folder of the training images, the test images and the lists.
        name: of the data set.
        train: the folder of the training images.
        test: the folder of the test images.
        with_val: train on ``list_train`` and ``list_val`` (32,621 images), not on the first alone
            (30,248). Papers do either and seldom say which.

    Raises:
        DataError: a list is missing or malformed, or names an image that is not there.
    """
    training = ("list_train.txt", "list_val.txt") if with_val else ("list_train.txt",)
    published = PUBLISHED[name]
    return ReIDData(
        name,
        train=_listed(folder, train, training, range(TRAIN_IDS)),
        query=_listed(folder, test, ("list_query.txt",), range(TEST_IDS), TRAIN_IDS),
        gallery=_listed(folder, test, ("list_gallery.txt",), range(TEST_IDS), TRAIN_IDS),
        published=published if with_val else replace(published, train_images=30_248),
        drawn=is_drawn(folder),
    )


load_v1 = partial(_load, name="msmt17-v1", train="train", test="test")
"""MSMT17 with the faces as they are."""
load_v2 = partial(_load, name="msmt17-v2", train="mask_train_v2", test="mask_test_v2")
"""MSMT17 with blurred faces."""


def _listed(
    root: Path, images: str, lists: tuple[str, ...], pids: range, first_pid: int = 0
) -> Split:
    """Return the split that the lists name, sorted by file, its identities from ``first_pid``.

    Raises:
        DataError: a listed image is not there.
    """
    listed = _entries(root, lists)
    sizes = _sizes(root, images, listed)
    photos, unrecognised, missing = [], [], []
    for name, pid in sorted(listed.items()):
        camera, full = _camera(name), f"{images}/{name}"
        if camera is None or pid not in pids:
            unrecognised.append(full)
        elif full not in sizes:
            missing.append(name)
        else:
            photos.append(Photo(full, sizes[full], pid + first_pid, camera))
    if missing:
        raise DataError(
            f"{root / images}: {len(missing)} of {len(listed)} listed images are missing, the "
            f"first is {missing[0]}; unpack the data set's archive again"
        )
    return photo_split(root, photos, unrecognised)


def _camera(name: str) -> int | None:
    """Return the camera, from 0, that a listed file's name states; None if it states none."""
    own = name.rpartition("/")[2]
    found = _NAME.match(own)
    if found is None or not is_image(own):
        return None
    camera = int(found[1])
    return camera - 1 if 1 <= camera <= CAMERAS else None


def _sizes(root: Path, images: str, listed: dict[str, int]) -> dict[str, int]:
    """Return the sizes of all images in the folders that the lists mention."""
    folders = sorted({f"{images}/{name}".rpartition("/")[0] for name in listed})
    sizes: dict[str, int] = {}
    for folder in folders:
        # The images of a missing folder are counted as missing, one by one.
        if (root / folder).is_dir():
            sizes |= image_sizes(root, folder)
    return sizes


def _entries(root: Path, lists: tuple[str, ...]) -> dict[str, int]:
    """Return the identity of every file that the lists name.

    Raises:
        DataError: a list is missing, a line is malformed, or a file is named twice.
    """
    entries: dict[str, int] = {}
    for listing in lists:
        for number, line in _lines(root / listing):
            found = _LINE.fullmatch(line)
            if found is None or ".." in found[1]:
                raise DataError(
                    f"{root / listing}:{number}: '{line}' is not 'folder/image.jpg identity'; "
                    "take the list from the data set's archive"
                )
            if found[1] in entries:
                raise DataError(
                    f"{root / listing}:{number}: '{found[1]}' is listed a second time; "
                    "take the list from the data set's archive"
                )
            entries[found[1]] = int(found[2])
    return entries


def _lines(listing: Path) -> Iterator[tuple[int, str]]:
    """Yield a list's lines that are not blank, with their numbers from 1."""
    try:
        # Bytes that are no text make a line malformed, and are reported with its number.
        text = listing.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(
            f"{listing} cannot be read ({error.strerror}); it comes with the data set's archive"
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.strip()
