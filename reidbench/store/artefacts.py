"""The artefact store: what each phase left behind, under the phase's key, whole or absent."""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reidbench.errors import ReidbenchError
from reidbench.files import room_for
from reidbench.store.integrity import FILES, META, digests, is_sealed, opened, sealed

_KEY = re.compile(r"[0-9a-f]{16}")
_LEFTOVER = re.compile(r"\.[0-9a-f]{16}\.[0-9a-f]{32}")
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}
"""What a rename says when its target is there already."""


class StoreError(ReidbenchError):
    """An artefact that cannot be read, or a store that cannot be written."""


class Store:
    """A folder of artefacts, one sub-folder a key, shared by every suite that points at it.

    ``provenance`` is noted with whatever is written: an artefact outlives the run that made it.

    An artefact is used when it is written, and when a phase asks for its folder: the folder's own
    time of change tells. Asking ``has`` or ``meta`` is no use of it, because a plan asks for
    thousands that no phase will read, and because looking must change nothing. A file system's
    time of access would not do: most are mounted without it, or with a day's precision.
    """

    def __init__(self, root: Path, provenance: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.provenance = dict(provenance or {})

    def has(self, key: str) -> bool:
        """Return whether the artefact of ``key`` is there and its notes whole; damaged is absent.

        Its other files are not read: ``reidbench store verify`` does.
        """
        try:
            notes = self._notes(key)
        except OSError:
            return False
        return is_sealed(notes) or _can_be_opened(notes)

    def folder(self, key: str) -> Path:
        """Return the folder of ``key``, whether or not it is there; it counts as used now."""
        path = self.root / key
        # Absent, or somebody else's: whoever reads next finds out.
        with suppress(OSError):
            os.utime(path)
        return path

    def meta(self, key: str) -> dict[str, Any]:
        """Return what was noted with the artefact, and the digests of its files as ``files``.

        Raises:
            StoreError: the artefact is missing or damaged.

        """
        try:
            return opened(self._notes(key))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{self.root / key / META}: artefact is missing or damaged ({error}); "
                "remove its folder and run again"
            ) from error

    @contextmanager
    def writing(self, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Give a folder and a mapping to fill; keep both only if the block ends well.

        A crash leaves a hidden temporary folder that nobody reads; a second writer of the same key
        loses nothing, because equal keys hold equal artefacts. What is kept is on the disk, and
        not only on its way there, before anybody can see it.

        Raises:
            NoRoom: the disk is full.

        """
        temporary = self._hidden(key)
        meta: dict[str, Any] = {"provenance": self.provenance} if self.provenance else {}
        with room_for(self.root / key):
            try:
                temporary.mkdir(parents=True)
                yield temporary, meta
                (temporary / META).write_bytes(sealed({**meta, FILES: digests(temporary)}))
                _flush(temporary)
                self._place(temporary, key)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)

    def remove(self, key: str) -> bool:
        """Remove an artefact, which no reader ever sees in part; return whether it was there."""
        aside = self._hidden(key)
        try:
            (self.root / key).rename(aside)
        except FileNotFoundError:
            return False
        # Another process may clear the same folder away, as a left-over one.
        with suppress(FileNotFoundError):
            shutil.rmtree(aside)
        return True

    def artefacts(self) -> list[str]:
        """Return the keys of all artefacts, whole or damaged, sorted."""
        return self._folders(_KEY)

    def latest(self) -> list[str]:
        """Return the keys of all artefacts, whole or damaged, the one used last first."""
        used = {}
        for key in self.artefacts():
            with suppress(FileNotFoundError):
                used[key] = (self.root / key).stat().st_mtime
        return sorted(used, key=lambda key: -used[key])

    def leftovers(self) -> list[str]:
        """Return the names of temporary folders: being written, or left over by a crash."""
        return self._folders(_LEFTOVER)

    def _folders(self, name: re.Pattern[str]) -> list[str]:
        # By their exact form alone: a wrong --store must not take somebody's folders for artefacts.
        with os.scandir(self.root) as entries:
            return sorted(e.name for e in entries if name.fullmatch(e.name) and e.is_dir())

    def _hidden(self, key: str) -> Path:
        # Not tempfile's, which would keep the artefact from everybody but its owner.
        return self.root / f".{key}.{uuid.uuid4().hex}"

    def _notes(self, key: str) -> bytes:
        # Not pathlib's, which takes as long as the reading.
        with open(f"{self.root}/{key}/{META}", "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()

    def _place(self, temporary: Path, key: str) -> None:
        while not self.has(key):
            try:
                temporary.rename(self.root / key)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
                # By a damaged artefact, unless another process has placed a whole one just now.
                if not self.has(key):
                    self.remove(key)
            else:
                _flush_entry(self.root)
                return


def _can_be_opened(notes: bytes) -> bool:
    try:
        opened(notes)
    except ValueError:
        return False
    return True


def _flush(folder: Path) -> None:
    """Wait until all below a folder is on the disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            _flush_entry(Path(place, name))
        _flush_entry(Path(place))


def _flush_entry(path: Path) -> None:
    # Elsewhere folders cannot be opened, nor files be flushed that are open to be read.
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
