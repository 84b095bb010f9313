"""Image files on disk: lists, sizes, decoding, and splits of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidbench.api import DRAWN_MARK, DataError, Split
from reidbench_plugins.datasets.photographs.decoding import UnreadableKind, decode, kinds_of

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
"""The ends of file names, in any case, that are taken for images."""


class Photo(NamedTuple):
    """An image's name below the data set's folder, its size in bytes, identity and camera."""

    name: str
    size: int
    pid: int
    camid: int


@dataclass(frozen=True)
class PhotoReader:
    """Decode file ``i`` on demand; keeps the files' names alone in memory."""

    folder: Path
    names: tuple[str, ...]

    def __call__(self, i: int) -> NDArray[np.uint8]:
        """Return image ``i`` as uint8 RGB (height, width, 3).

        Raises:
            DataError: the file is gone, is no image that can be decoded to its end, or is of a kind
                that is not read (``decoding``).
        """
        path = self.folder / self.names[i]
        try:
            with path.open("rb") as file:
                return decode(file)
        except Exception as error:
            raise unreadable(str(path), error) from error

    def kinds(self, i: int) -> tuple[str, ...]:
        """Return what is unusual about file ``i``, from its header alone."""
        with (self.folder / self.names[i]).open("rb") as file:
            return kinds_of(file)


@dataclass(frozen=True)
class Unpacked:
    """A folder that holds a data set's images and lists, as its archive does."""

    folder: Path

    def __str__(self) -> str:
        """Return what messages call it."""
        return str(self.folder)

    def content(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        return (self.folder / name).read_bytes()

    def sizes(self, folders: Iterable[str]) -> dict[str, int]:
        """Return the size in bytes of every image directly in folders, by ``folder/name``.

        Folders that are not there hold none.

        Raises:
            DataError: a folder cannot be listed.
        """
        there = [folder for folder in folders if (self.folder / folder).is_dir()]
        return {name: size for it in there for name, size in image_sizes(self.folder, it).items()}

    def reader(self, names: tuple[str, ...]) -> PhotoReader:
        """Return what decodes images by number."""
        return PhotoReader(self.folder, names)


def unreadable(where: str, error: Exception) -> DataError:
    """Return what to raise for an image that cannot be decoded, and what to do about it."""
    if isinstance(error, UnreadableKind):
        return DataError(f"{where} is an image that is not read: {error}")
    # Pillow's decoders raise anything from OSError to struct.error on a damaged file.
    return DataError(
        f"{where} cannot be read as an image ({error}); "
        "restore this file from the data set's archive"
    )


def is_image(name: str, suffixes: tuple[str, ...] = SUFFIXES) -> bool:
    """Return whether a file's name is an image's, in any case, and not hidden."""
    return not name.startswith(".") and name.lower().endswith(suffixes)


def image_sizes(root: Path, folder: str, suffixes: tuple[str, ...] = SUFFIXES) -> dict[str, int]:
    """Return the size in bytes of every image directly in ``root/folder``, by ``folder/name``.

    The names are sorted, whatever order the file system lists them in.

    Raises:
        DataError: the folder cannot be listed.
    """
    try:
        with os.scandir(root / folder) as entries:
            found = {
                f"{folder}/{entry.name}": _size(entry)
                for entry in entries
                # A broken link is listed, and fails when it is read.
                if is_image(entry.name, suffixes) and not entry.is_dir()
            }
    except OSError as error:
        raise DataError(
            f"{root / folder} cannot be listed ({error.strerror}); "
            "it should be a folder of the data set's images"
        ) from error
    return dict(sorted(found.items()))


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0


def photo_split(root: Path, photos: list[Photo], unrecognised: Iterable[str]) -> Split:
    """Return the split of image files below ``root``, in the order given."""
    names = tuple(photo.name for photo in photos)
    return split_of(photos, unrecognised, PhotoReader(root, names))


def split_of(
    photos: list[Photo], unrecognised: Iterable[str], reader: Callable[[int], NDArray[np.uint8]]
) -> Split:
    """Return a split whose digest covers every image's name and size."""
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(f"{photo.name}\0{photo.size}\n".encode("utf-8", "surrogateescape"))
    return Split(
        pids=np.array([photo.pid for photo in photos], np.int64),
        camids=np.array([photo.camid for photo in photos], np.int64),
        names=tuple(photo.name for photo in photos),
        reader=reader,
        digest=digest.hexdigest(),
        # A file name may hold bytes that are no valid text, which would break every report.
        unrecognised=tuple(
            name.encode("utf-8", "backslashreplace").decode() for name in unrecognised
        ),
    )


def is_drawn(root: Path) -> bool:
    """Return whether the folder holds a drawn stand-in."""
    return (root / DRAWN_MARK).exists()
