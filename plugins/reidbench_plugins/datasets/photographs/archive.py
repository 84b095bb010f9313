"""Images and lists in a zip archive, read where they are, without unpacking."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from reidbench.api import DataError
from reidbench_plugins.datasets.photographs.decoding import decode, kinds_of
from reidbench_plugins.datasets.photographs.files import is_image, unreadable


@dataclass(frozen=True)
class ArchiveReader:
    """Decode member ``i`` on demand; keeps the members' names alone in memory."""

    file: Path
    inside: str
    names: tuple[str, ...]

    def __call__(self, i: int) -> NDArray[np.uint8]:
        """Return image ``i`` as uint8 RGB (height, width, 3).

        Raises:
            DataError: it is no image that can be decoded to its end, or of a kind that is not read.
        """
        try:
            return decode(self._bytes(i))
        except Exception as error:
            raise unreadable(f"{self.file}: {self.inside}{self.names[i]}", error) from error

    def kinds(self, i: int) -> tuple[str, ...]:
        """Return what is unusual about image ``i``."""
        return kinds_of(self._bytes(i))

    def _bytes(self, i: int) -> io.BytesIO:
        # Whole, so that the archive's checksum is compared, whatever a decoder leaves unread.
        return io.BytesIO(_opened(self.file, os.getpid()).read(self.inside + self.names[i]))


@dataclass(frozen=True)
class Archive:
    """The part of a zip archive that holds a data set.

    Attributes:
        file: the archive.
        inside: the folder in it, ``""`` or with a slash at its end.
    """

    file: Path
    inside: str

    def __str__(self) -> str:
        """Return what messages call it."""
        return f"{self.file}: {self.inside}".rstrip(": /")

    def content(self, name: str) -> bytes:
        """Return the content of a member.

        Raises:
            OSError: it is not there, or damaged.
        """
        try:
            return _opened(self.file, os.getpid()).read(self.inside + name)
        except KeyError:
            raise FileNotFoundError(0, "not in the archive") from None
        except BadZipFile as error:
            raise OSError(0, str(error)) from None

    def sizes(self, folders: Iterable[str]) -> dict[str, int]:
        """Return the size in bytes of every image directly in folders, by ``folder/name``."""
        wanted = {f"{self.inside}{folder}" for folder in folders}
        found = {
            member.filename.removeprefix(self.inside): member.file_size
            for member in _opened(self.file, os.getpid()).infolist()
            if member.filename.rpartition("/")[0] in wanted
        }
        return {name: size for name, size in found.items() if is_image(name.rpartition("/")[2])}

    def reader(self, names: tuple[str, ...]) -> ArchiveReader:
        """Return what decodes images by number."""
        return ArchiveReader(self.file, self.inside, names)


def find_inside(file: Path, *needs: str) -> Archive:
    """Return the folder of an archive that holds all files and folders needed, however deep.

    Raises:
        DataError: the file is no zip archive, or holds no such folder.
    """
    try:
        members = _opened(file, os.getpid()).namelist()
    except (OSError, BadZipFile) as error:
        raise DataError(
            f"{file} is not a zip archive that can be read ({error}); get it again"
        ) from error
    # Not every archive lists its folders; what a Mac adds is of no data set.
    own = [name for name in members if not name.startswith("__MACOSX/")]
    holding = {parent for name in own for parent in _parents(name)}
    paths = {name.rstrip("/") for name in own} | holding
    inside = [at for at in ("", *sorted(f"{path}/" for path in holding))
              if all(f"{at}{need}" in paths for need in needs)]  # fmt: skip
    if inside:
        return Archive(file, inside[0])
    if nested := next((name for name in own if name.lower().endswith((".zip", ".tar.gz"))), ""):
        raise DataError(f"{file} holds another archive, {nested}; unpack the outer one beside it")
    raise DataError(f"{file} has no folder with {', '.join(needs)} in it; get the archive again")


def _parents(name: str) -> list[str]:
    parts = name.rstrip("/").split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


@lru_cache(maxsize=4)
def _opened(file: Path, process: int) -> ZipFile:
    # Cached by process, because a forked one must not share its parent's open file.
    return ZipFile(file)
