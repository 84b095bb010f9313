"""Files that are either whole or absent, and disks that are full."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reidbench.errors import ReidbenchError

_FULL = {errno.ENOSPC, errno.EDQUOT}


class NoRoom(ReidbenchError):  # noqa: N818 - what it says, as Diverged does
    """A disk that is full, or a quota of it that is used up."""


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` so that a reader, or a crash, never meets half a file.

    Raises:
        NoRoom: its disk is full; the file is as it was.

    """
    # Not tempfile's, which would keep the file from everybody but its owner.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with room_for(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Say, should the block find the disk full, where that was and how to go on.

    Raises:
        NoRoom: it is.

    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoRoom(
            f"{path}: no space is left to write it; make room ('reidbench store list --sort size' "
            "shows what networks take), then run the same command again: what is finished is kept"
        ) from error


def free_space(path: Path) -> int:
    """Return the bytes that may still be written below ``path``, which need not be there yet."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free
