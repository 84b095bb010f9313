"""Finds a data set whose tree lies a folder or two beside where it was looked for."""

from __future__ import annotations

import os
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
    for place, folder in _displaced(record.disk.places, root):
        target = root / place.folder
        if folder == root:
            return (
                f"{folder} itself is one under another name: rename it to {target.name}, and use "
                f"--data with the folder that holds {place.folder}"
            )
        return (
            f"{folder} has it, a folder too deep: move what is in it to {target}: "
            f"mv {_quoted(folder)}/* {_quoted(target)}/"
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


def _displaced(places: tuple[Place, ...], root: Path) -> Iterator[tuple[Place, Path]]:
    """Yield the folders that hold all that a layout needs, but under a name that is not known."""
    for place in places:
        if _whole(root, place):
            yield place, root
    for place in places:
        for child in _children(root / place.folder):
            if _whole(child, place):
                yield place, child


def _whole(folder: Path, place: Place) -> bool:
    return all((folder / need).exists() for need in place.needs)


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
