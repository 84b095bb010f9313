"""The artefact store: the files of each phase under the phase's key, whole or absent."""

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
from reidbench.store.integrity import FILES, META, digests, is_sealed, sealed, unsealed
from reidbench.store.owner import OWNER, Owner, make_signed, remove_signed

_KEY = re.compile(r"[0-9a-f]{16}")
_LEFTOVER = re.compile(r"\.[0-9a-f]{16}\.[0-9a-f]{32}")
_CLAIM = re.compile(r"\.[0-9a-f]{16}\.claim")
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}
"""The errors of a rename whose target exists."""


class StoreError(ReidbenchError):
    """An artefact that cannot be read, or a store that cannot be written."""


class Store:
    """A folder of artefacts, one sub-folder a key, shared by every suite that points at it.

    ``provenance`` is noted with each artefact that is written, as it outlives the run that made it.

    The modification time of an artefact's folder is when it was last used: written, or marked by
    ``mark_used``. Nothing else changes it. A file system's access time would not do: most are
    mounted without it, or with a precision of a day.
    """

    def __init__(self, root: Path, provenance: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.provenance = dict(provenance or {})

    def has(self, key: str) -> bool:
        """Return whether the artefact of ``key`` exists with whole notes.

        Its other files are not read: ``reidbench store verify`` reads them.
        """
        return _is_whole(self.root / key)

    def folder(self, key: str) -> Path:
        """Return the folder of ``key``, whether or not it exists."""
        return self.root / key

    def mark_used(self, key: str) -> None:
        """Record that an artefact is in use now, so that clean-up keeps it for a while."""
        # If it is absent, or another user's, reading it reports that.
        with suppress(OSError):
            os.utime(self.folder(key))

    def last_used(self, key: str) -> float:
        """Return when an artefact was written or last marked, seconds since 1970.

        Raises:
            FileNotFoundError: it does not exist.

        """
        return self.folder(key).stat().st_mtime

    def meta(self, key: str) -> dict[str, Any]:
        """Return what was noted with the artefact, and the digests of its files as ``files``.

        Raises:
            StoreError: the artefact is missing or damaged.

        """
        try:
            return unsealed(self._notes(key))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{self.root / key / META}: artefact is missing or damaged ({error}); "
                "remove its folder and run again"
            ) from error

    @contextmanager
    def writing(self, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Provide a folder and a mapping of notes to fill; keep both unless the block raises.

        A crash leaves a hidden temporary folder that nothing reads. A second writer of the same key
        loses nothing, because equal keys have equal artefacts. Files are flushed to the disk before
        they become visible.

        Raises:
            NoRoom: the disk is full.

        """
        temporary = self.hidden(key)
        meta: dict[str, Any] = {"provenance": self.provenance} if self.provenance else {}
        with room_for(self.root / key):
            try:
                make_signed(temporary)
                yield temporary, meta
                (temporary / META).write_bytes(sealed({**meta, FILES: digests(temporary)}))
                _flush(temporary)
                self._place(temporary, key)
                # The last step: whose it is must be known as long as it may be left over.
                (self.root / key / OWNER).unlink(missing_ok=True)
            finally:
                remove_signed(temporary)

    def remove(self, key: str) -> bool:
        """Remove an artefact, which no reader ever sees in part; return whether it existed."""
        aside = self.hidden(key)
        try:
            (self.root / key).rename(aside)
        except FileNotFoundError:
            return False
        # Another process may remove the same folder as a left-over one.
        with suppress(FileNotFoundError):
            Owner.this_process().sign(aside)
        remove_signed(aside)
        return True

    def artefacts(self) -> list[str]:
        """Return the keys of all artefacts, whole or damaged, sorted."""
        return self._folders(_KEY)

    def latest(self) -> list[str]:
        """Return the keys of all artefacts, whole or damaged, the most recently used first."""
        used = {}
        for key in self.artefacts():
            with suppress(FileNotFoundError):
                used[key] = self.last_used(key)
        return sorted(used, key=lambda key: -used[key])

    def leftovers(self) -> list[str]:
        """Return the names of temporary folders: being written, or left over by a crash."""
        return self._folders(_LEFTOVER)

    def claims(self) -> list[str]:
        """Return the names of the folders by which processes claim a key."""
        return self._folders(_CLAIM)

    def _folders(self, name: re.Pattern[str]) -> list[str]:
        # Only names of the exact form: a wrong --store must not list a user's folders as artefacts.
        with os.scandir(self.root) as entries:
            return sorted(e.name for e in entries if name.fullmatch(e.name) and e.is_dir())

    def hidden(self, key: str) -> Path:
        """Return a new name beside the artefacts, which none of them has."""
        # Not tempfile's, which only its owner may read.
        return self.root / f".{key}.{uuid.uuid4().hex}"

    def _notes(self, key: str) -> bytes:
        return _read_notes(self.root / key)

    def _remove_damaged(self, key: str) -> None:
        """Remove an artefact that looked damaged, but not a whole one that has replaced it since.

        Only what is out of reach can be judged and removed as one: it is set aside first, and put
        back if it is whole. Another writer that places its own meanwhile places an equal one.
        """
        aside = self.hidden(key)
        with suppress(FileNotFoundError):
            (self.root / key).rename(aside)
            if _is_whole(aside):
                with suppress(OSError):
                    aside.rename(self.root / key)
            shutil.rmtree(aside, ignore_errors=True)

    def _place(self, temporary: Path, key: str) -> None:
        while not self.has(key):
            try:
                temporary.rename(self.root / key)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
                # A damaged one is in the way, unless another process has just placed a whole one.
                if not self.has(key):
                    self._remove_damaged(key)
            else:
                flush_entry(self.root)
                return


def _is_whole(folder: Path) -> bool:
    """Return whether an artefact's folder has whole notes."""
    try:
        notes = _read_notes(folder)
    except OSError:
        return False
    return is_sealed(notes) or _is_readable(notes)


def _read_notes(folder: Path) -> bytes:
    # Not pathlib's open, which takes as long as reading.
    with open(f"{folder}/{META}", "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


def _is_readable(notes: bytes) -> bool:
    try:
        unsealed(notes)
    except ValueError:
        return False
    return True


def _flush(folder: Path) -> None:
    """Wait until everything below a folder is on the disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            flush_entry(Path(place, name))
        flush_entry(Path(place))


def flush_entry(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    # Other systems open no folders, and flush no file that is open for reading.
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
