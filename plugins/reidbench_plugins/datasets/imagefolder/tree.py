"""Read a tree of one folder for each class: its images, their classes and sizes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from reidbench.api import ClassCounts, ClassificationData, DataError, LabelledImages
from reidbench_plugins.datasets.photographs.files import PhotoReader, is_drawn

TRAIN = "train"
SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff")


PUBLISHED = ClassCounts(classes=1000, images=1_281_167)  # of ILSVRC 2012, its training part


def load(folder: Path) -> ClassificationData:
    """Return ImageNet's training images; class k is the k-th folder of ``train`` by name.

    An image is any visible file directly in a class's folder with an image's suffix, in upper or
    lower case; other files are ignored. Images come sorted by class and name.

    Args:
        folder: the folder that holds ``train``.

    Raises:
        DataError: no class folders, a class without images, or an image of 0 bytes.
    """
    images = labelled(folder / TRAIN)
    return ClassificationData("imagenet", images, PUBLISHED, drawn=is_drawn(folder))


def labelled(root: Path) -> LabelledImages:
    """Return the images of all class folders in ``root``, named ``class/file``.

    The digest covers every name and size in bytes. ImageNet's 1.28 million images take some
    seconds, a stat() for each file, and 120 MB for their names.

    Raises:
        DataError: as :func:`load`.
    """
    names: list[str] = []
    counts: list[int] = []
    digest = hashlib.sha256()
    for name in _classes(root):
        images = sorted(_images(root / name))
        if not images:
            raise DataError(
                f"{root / name} is a class without images ({', '.join(SUFFIXES)}); "
                "unpack the class's archive into it, or remove the folder"
            )
        for image, size in images:
            names.append(f"{name}/{image}")
            digest.update(_line(f"{name}/{image}", size, root))
        counts.append(len(images))
    files = tuple(names)
    return LabelledImages(
        labels=np.repeat(np.arange(len(counts), dtype=np.int64), counts),
        names=files,
        reader=PhotoReader(root, files),
        digest=digest.hexdigest(),
    )


def _line(name: str, size: int, root: Path) -> bytes:
    try:
        return f"{name}\0{size}\n".encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{root}: the file name {name!a} is not valid UTF-8; rename the file"
        ) from error


def _classes(root: Path) -> list[str]:
    """Return the names of the class folders, sorted by code point."""
    with _listing(root) as entries:
        classes = sorted(
            entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()
        )
    if not classes:
        raise DataError(
            f"{root} has no folders, and should have one for each class with its images in it; "
            "unpack each class's archive into a folder of its name"
        )
    return classes


def _images(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield name and size in bytes of the images in a folder, in no order."""
    with _listing(folder) as entries:
        for entry in entries:
            is_image = not entry.name.startswith(".") and entry.name.lower().endswith(SUFFIXES)
            if not is_image or entry.is_dir():
                continue
            size = _size(entry)
            if not size:
                raise DataError(f"{entry.path} has 0 bytes; restore it from the class's archive")
            yield entry.name, size


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError as error:  # a broken link
        raise DataError(
            f"{entry.path} cannot be found ({error.strerror}); restore it from the class's archive"
        ) from error


def _listing(folder: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    try:
        return os.scandir(folder)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be listed ({error.strerror}); it should be a folder that you may read"
        ) from error
