"""Writes drawn stand-ins in the layout of data sets that may not be redistributed."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from reidbench.api.records import DRAWN_MARK, DatasetRecord, OnDisk
from reidbench.datasets.check import Tick
from reidbench.datasets.locate import Data, open_dataset, parts
from reidbench.errors import ReidbenchError, named_line
from reidbench.interrupts import returned
from reidbench.plugins import Component

SEAL = ".drawn.sha256"
"""Beside a stand-in: a hash of its files' names and sizes."""


class StandInError(ReidbenchError):
    """A stand-in that cannot be written, or must not be."""


def layout_of(record: DatasetRecord) -> OnDisk:
    """Return the layout that a stand-in for a data set is written in.

    Raises:
        StandInError: the data set is built in, or has no writer.
    """
    if record.disk is None:
        raise StandInError(
            f"data set '{record.name}' is built in: it needs no files, name it in a suite as it is"
        )
    if not record.disk.writer:
        raise StandInError(
            f"data set '{record.name}' has no stand-in: its plugin has no writer for its layout"
        )
    return record.disk


def open_source(
    component: Component[DatasetRecord], options: Mapping[str, Any], record: DatasetRecord
) -> Data:
    """Return the drawn data set from which a stand-in for ``record`` is made.

    Raises:
        StandInError: it is not drawn, or of another task.
        ReidbenchError: as ``reidbench.datasets.locate.open_dataset``.
    """
    source = component.record
    if source.task != record.task:
        raise StandInError(
            f"data set '{source.name}' is for {source.task}, '{record.name}' for {record.task}: "
            "choose a drawn data set of the same task with --from"
        )
    # A stand-in on disk would pass as well, but its own source makes the better copy.
    if not source.drawn or source.disk is not None:
        raise StandInError(
            f"data set '{source.name}' is not drawn by a program of its own, and other images are "
            f"never written in the layout of '{record.name}': choose a drawn data set with --from"
        )
    return open_dataset(component, options, Path())


def refuse_to_overwrite(component: Component[DatasetRecord], root: Path, *, again: bool) -> None:
    """Refuse to write a stand-in over anything but another one, and that only ``again``.

    Raises:
        StandInError: photographs, half a data set, or a stand-in are there.
    """
    record = component.record
    disk = layout_of(record)
    found = disk.find(root)
    if found is None:
        begun = [root / place.folder / need for place in disk.places for need in place.needs]
        in_the_way = [str(path) for path in begun if path.exists()]
        if in_the_way:
            raise StandInError(
                f"part of a data set is there already: {', '.join(in_the_way)}; choose another "
                "folder, or move it away"
            )
    elif not _is_drawn(component, root):
        raise StandInError(
            f"{found} holds photographs, or what may be some: a stand-in is never written over "
            "them; choose another folder"
        )
    elif not again:
        raise StandInError(
            f"{found} holds a drawn stand-in already; draw it anew with --replace, or choose "
            "another folder"
        )
    elif not _is_untouched(found, _contents(disk, root)):
        raise StandInError(
            f"{found} is not as a stand-in was drawn there: files were added, changed or removed "
            "since, and some may be photographs; remove it yourself, or choose another folder"
        )


def _is_drawn(component: Component[DatasetRecord], root: Path) -> bool:
    try:
        return open_dataset(component, {}, root).drawn
    except ReidbenchError:
        return False


def is_stand_in(folder: Path) -> bool:
    """Return whether a folder holds what ``write_stand_in`` drew; reads no list."""
    return (folder / SEAL).is_file()


def _contents(disk: OnDisk, root: Path) -> set[Path]:
    """Return the paths of a stand-in: what its layout needs, and all below."""
    needs = next(
        (
            [folder / need for need in place.needs]
            for place in disk.places
            if (folder := place.under(root))
        ),
        [],
    )
    return {path for need in needs for path in (need, *need.rglob("*"))}


def _is_untouched(folder: Path, contents: set[Path]) -> bool:
    """Return whether all files are those that were drawn, so that replacing removes no other."""
    seal = folder / SEAL
    return seal.is_file() and seal.read_text(encoding="utf-8") == _digest(folder, contents)


def _digest(folder: Path, contents: set[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in contents if not path.is_dir()):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{path.lstat().st_size}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def write_stand_in(
    component: Component[DatasetRecord], data: Data, root: Path, tick: Tick, *, again: bool = False
) -> Path:
    """Write drawn images in a data set's layout below ``root``, whole or not at all.

    Calls ``tick`` for every image read. Returns the folder that holds the stand-in.

    Raises:
        StandInError: as ``refuse_to_overwrite``, or what was written is no drawn stand-in.
        TargetError: the writer cannot be imported.
    """
    refuse_to_overwrite(component, root, again=again)
    record, disk = component.record, layout_of(component.record)
    # The record's own load() explains what is wrong with a writer that cannot be imported.
    writer = record.load(disk.writer)

    def unwritten(fault: BaseException) -> BaseException:
        if isinstance(fault, (ReidbenchError, OSError)):
            return fault
        return StandInError(
            f"{disk.writer} of {component.owner} cannot write '{record.name}' "
            f"({named_line(fault)}): a fault of that plugin"
        )

    with _staging_dir(root) as stage:
        returned(lambda: writer(_counted(data, tick), stage), unwritten)
        if not _is_drawn(component, stage):
            raise StandInError(
                f"{disk.writer} of {component.owner} wrote nothing that '{record.name}' reads as "
                "a drawn stand-in: a fault of that plugin"
            )
        folder = disk.find(stage)
        assert folder is not None  # it was read as a drawn stand-in
        # So that later changes are detected before replacing.
        (folder / SEAL).write_text(_digest(folder, _contents(disk, stage)), encoding="utf-8")
        # Once more, because drawing takes minutes, in which photographs may have been added.
        refuse_to_overwrite(component, root, again=again)
        _remove_previous(stage, root, disk, again=again)
        _merge_tree(stage, root)
    found = disk.find(root)
    assert found is not None  # the stage's content was found, and is here now
    return found


@contextmanager
def _staging_dir(root: Path) -> Iterator[Path]:
    """Return a folder where an interrupted stand-in is never found, and remove it at the end."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".reidbench-drawing-", dir=root))
    stage = folder / "stage"
    # A folder of its own, because a temporary one can be read by its owner alone.
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _counted(data: Data, tick: Tick) -> Data:
    """Return data whose splits call ``tick`` for every image that is read."""

    def counting(read: Callable[[int], Any], index: int) -> Any:
        image = read(index)
        tick(1)
        return image

    splits: dict[str, Any] = {
        name: replace(split, reader=partial(counting, split.reader))
        for name, split in parts(data).items()
    }
    return replace(data, **splits)


def _remove_previous(stage: Path, root: Path, disk: OnDisk, *, again: bool) -> None:
    """Remove the stand-in that is replaced; refuse if any other file is in the way."""
    folder = disk.find(root) if again else None
    own = _contents(disk, root) | {folder / SEAL, folder / DRAWN_MARK} if folder else set()
    for path in stage.rglob("*"):
        target = root / path.relative_to(stage)
        if target in own or (path.is_dir() and target.is_dir()):
            continue
        if target.exists() or target.is_symlink():
            raise StandInError(f"{target} is there already, and is kept; choose another folder")
    for path in sorted(own, reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()  # fails, and so keeps it, if another file was added meanwhile
        else:
            path.unlink(missing_ok=True)


def _merge_tree(staged: Path, target: Path) -> None:
    """Move the files of a tree into another."""
    if not (staged.is_dir() and target.is_dir()):
        staged.replace(target)
        return
    for child in staged.iterdir():
        _merge_tree(child, target / child.name)
