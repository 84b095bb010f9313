"""What this machine has read and found intact: no process here needs to read it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from reidbench.files import NoRoom, write_atomically
from reidbench.store.artefacts import Store
from reidbench.store.owner import Owner

_FOLDER = ".intact"


def is_known_intact(store: Store, key: str) -> bool:
    """Return whether this machine, since it started, has found an artefact as it was written.

    It may have found so of a file that has changed since: then it has not.
    """
    stamp = _stamp(store, key)
    return stamp is not None and stamp == _noted(store, key)


def find_intact(store: Store, key: str, verify: Callable[[], bool]) -> bool:
    """Return what ``verify`` does, which reads an artefact; note it if that is intact."""
    # Before it is read: of what changes meanwhile, the note is of no use.
    stamp = _stamp(store, key)
    if not verify():
        return False
    _note(store, key, stamp)
    return True


def note_intact(store: Store, key: str) -> None:
    """Note that an artefact is intact: this process has just written it."""
    _note(store, key, _stamp(store, key))


def _stamp(store: Store, key: str) -> dict[str, Any] | None:
    """Return this boot, and of each file what a change of it changes; None if either is unknown."""
    boot, folder = Owner.this_process().boot, store.folder(key)
    if not boot:
        return None
    files = {}
    try:
        for path in folder.iterdir():
            found = path.stat()
            files[path.name] = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    except OSError:
        return None
    return {"boot": boot, "files": files}


def _noted(store: Store, key: str) -> Any:
    try:
        return json.loads(_place(store, key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _note(store: Store, key: str, stamp: dict[str, Any] | None) -> None:
    if stamp is None:
        return
    # It saves reading, and nothing else depends on it.
    with suppress(OSError, NoRoom):
        write_atomically(_place(store, key), json.dumps(stamp))
        for path in (store.root / _FOLDER).glob("????????????????.*"):
            if not store.folder(path.name.partition(".")[0]).is_dir():
                path.unlink()


def _place(store: Store, key: str) -> Path:
    """Return the file of a machine's note of an artefact; machines may share a store."""
    host = hashlib.sha256(Owner.this_process().host.encode()).hexdigest()[:8]
    return store.root / _FOLDER / f"{key}.{host}"
