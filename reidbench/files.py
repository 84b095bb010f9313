"""Writes files whole or not at all, and reports full disks."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reidbench.errors import ReidbenchError

_FULL = {errno.ENOSPC, errno.EDQUOT}


class NoRoom(ReidbenchError):  # noqa: N818 - as Diverged
    """A disk that is full, or a quota of it that is used up."""


def at_home(path: str | Path) -> Path:
    """Return a path with a leading ``~`` or ``~name`` in full, as a shell does with most words."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody is called so: the folder is
        return Path(path)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes so that a file is never half written, even after a crash.

    Raises:
        NoRoom: its disk is full; the file is unchanged.

    """
    # Not tempfile's, which only its owner may read.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with room_for(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Report a full disk in the block, with its path and what to do.

    Raises:
        NoRoom: the disk is full.

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
    """Return the bytes that can still be written below ``path``, which need not exist yet."""
    return shutil.disk_usage(_existing(path)).free


def has_size(path: Path) -> bool:
    """Return whether the file system of ``path`` has a size: those of the kernel have none."""
    return shutil.disk_usage(_existing(path)).total > 0


def _existing(path: Path) -> Path:
    """Return ``path``, or the folder above it that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())
