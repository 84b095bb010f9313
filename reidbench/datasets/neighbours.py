"""Finds a data set whose tree lies a folder or two beside where it was looked for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from reidbench.api.records import DatasetRecord, Place

_CHILDREN = 200
"""Folders looked into: more of them are no data root, but somebody's home or a data set."""


def hint(record: DatasetRecord, root: Path) -> str:
    """Return where a data set that is not below ``root`` lies near it, and what to type.

    Looks one and two folders up, one down, and one down from each of its places; ``""`` if it is
    nowhere there.
    """
    if record.disk is None or not root.is_dir():
        return ""
    for candidate in (*_up(root), *_children(root)):
        if found := record.disk.find(candidate):
            return f"it is in {found}: use --data {_quoted(candidate)}"
    for place in record.disk.places:
        # One file or folder alone, as "train" is, tells nothing of a folder with another name.
        if len(place.needs) > 1 and (text := _renamed(record, place, root)):
            return text
    return ""


def _renamed(record: DatasetRecord, place: Place, root: Path) -> str:
    """Return where a layout lies under a name that is not known, and how to mend that."""
    for folder in _children(root / place.folder):
        if _whole(folder, place):
            target = _quoted(root / place.folder)
            return f"it is a folder too deep: mv {_quoted(folder)}/* {target}/"
    if _whole(root, place) and "/" not in place.folder:
        parent = root.absolute().parent
        return (
            f"{root} has the same folders: if that is '{record.name}', "
            f"mv {_quoted(root.absolute())} {_quoted(parent / place.folder)} and use --data "
            f"{_quoted(parent)}"
        )
    return ""


def _up(root: Path) -> Iterator[Path]:
    # Of the absolute path: a relative one such as '.' has no parent to go to.
    yield from islice(root.absolute().parents, 2)


def _children(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in islice(entries, _CHILDREN) if _is_folder(entry))
    except OSError:
        return
    yield from (folder / name for name in names)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.name[0] not in "._" and entry.is_dir()
    except OSError:
        return False


def _whole(folder: Path, place: Place) -> bool:
    return all((folder / need).exists() for need in place.needs)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
