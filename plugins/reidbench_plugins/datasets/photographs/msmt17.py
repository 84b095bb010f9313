"""MSMT17: images in a folder for each person, and text files that list each split."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from reidbench.api import DataError, ReIDData, Split
from reidbench_plugins.datasets.photographs.archive import Archive, find_inside
from reidbench_plugins.datasets.photographs.facts import LISTS, PUBLISHED, archive_of
from reidbench_plugins.datasets.photographs.files import (
    Photo,
    Unpacked,
    is_drawn,
    is_image,
    split_of,
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
        folder: the folder of the training images, the test images and the lists, or of the archive
            that holds them. Both give the same data.
        name: of the data set.
        train: the folder of the training images.
        test: the folder of the test images.
        with_val: train on ``list_train`` and ``list_val`` (32,621 images), not on the first alone
            (30,248). Papers do either and seldom say which.

    Raises:
        DataError: a list is missing or malformed, or names an image that is not there.
    """
    training = ("list_train.txt", "list_val.txt") if with_val else ("list_train.txt",)
    published, root = PUBLISHED[name], _root(folder, name, train, test)
    return ReIDData(
        name,
        train=_listed(root, train, training, range(TRAIN_IDS)),
        query=_listed(root, test, ("list_query.txt",), range(TEST_IDS), TRAIN_IDS),
        gallery=_listed(root, test, ("list_gallery.txt",), range(TEST_IDS), TRAIN_IDS),
        published=published if with_val else replace(published, train_images=30_248),
        drawn=is_drawn(folder),
    )


load_v1 = partial(_load, name="msmt17-v1", train="train", test="test")
"""MSMT17 with the faces as they are."""
load_v2 = partial(_load, name="msmt17-v2", train="mask_train_v2", test="mask_test_v2")
"""MSMT17 with blurred faces."""


def _root(folder: Path, name: str, train: str, test: str) -> Unpacked | Archive:
    """Return where the images and lists are: in the folder, or in the archive there."""
    if (folder / train).exists():
        return Unpacked(folder)
    return find_inside(folder / archive_of(name.upper().replace("-", "_")), train, test, *LISTS)


def _listed(
    root: Unpacked | Archive, images: str, lists: tuple[str, ...], pids: range, first_pid: int = 0
) -> Split:
    """Return the split that the lists name, sorted by file, its identities from ``first_pid``.

    Raises:
        DataError: a listed image is not there.
    """
    listed = _entries(root, lists)
    sizes = root.sizes(sorted({f"{images}/{name}".rpartition("/")[0] for name in listed}))
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
            f"{root}/{images}: {len(missing)} of {len(listed)} listed images are missing, the "
            f"first is {missing[0]}; unpack the data set's archive again"
        )
    return split_of(photos, unrecognised, root.reader(tuple(photo.name for photo in photos)))


def _camera(name: str) -> int | None:
    """Return the camera, from 0, that a listed file's name states; None if it states none."""
    own = name.rpartition("/")[2]
    found = _NAME.match(own)
    if found is None or not is_image(own):
        return None
    camera = int(found[1])
    return camera - 1 if 1 <= camera <= CAMERAS else None


def _entries(root: Unpacked | Archive, lists: tuple[str, ...]) -> dict[str, int]:
    """Return the identity of every file that the lists name.

    Raises:
        DataError: a list is missing, a line is malformed, or a file is named twice.
    """
    entries: dict[str, int] = {}
    for listing in lists:
        for number, line in _lines(root, listing):
            found = _LINE.fullmatch(line)
            if found is None or ".." in found[1]:
                raise DataError(
                    f"{root}/{listing}:{number}: '{line}' is not 'folder/image.jpg identity'; "
                    "take the list from the data set's archive"
                )
            if found[1] in entries:
                raise DataError(
                    f"{root}/{listing}:{number}: '{found[1]}' is listed a second time; "
                    "take the list from the data set's archive"
                )
            entries[found[1]] = int(found[2])
    return entries


def _lines(root: Unpacked | Archive, listing: str) -> Iterator[tuple[int, str]]:
    """Yield a list's lines that are not blank, with their numbers from 1."""
    try:
        # Bytes that are no text make a line malformed, and are reported with its number.
        text = root.content(listing).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(
            f"{root}/{listing} cannot be read ({error.strerror}); it comes with the data set's "
            "archive"
        ) from error
    for number, line in enumerate(
        text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1
    ):
        if line.strip():
            yield number, line.strip()
