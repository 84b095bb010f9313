"""Checkpoints of phases at work: one file beside the phase's key, whole or absent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reidbench.files import room_for
from reidbench.store.artefacts import Store, flush_entry
from reidbench.store.owner import make_signed, remove_signed

_CHECKPOINT = re.compile(r"\.[0-9a-f]{16}\.checkpoint")


def checkpoint(store: Store, key: str) -> Path:
    """Return the file of a key's checkpoint, whether or not it exists."""
    return store.root / f".{key}.checkpoint"


def checkpoints(store: Store) -> list[Path]:
    """Return the files of all checkpoints, sorted."""
    found: Iterator[Path] = store.root.iterdir()
    return sorted(path for path in found if _CHECKPOINT.fullmatch(path.name) and path.is_file())


def keep_checkpoint(store: Store, key: str, data: bytes) -> None:
    """Put a checkpoint in the place of the one before.

    Raises:
        NoRoom: the disk is full; the one before is still there.

    """
    temporary = store.hidden(key)
    with room_for(checkpoint(store, key)):
        try:
            make_signed(temporary)
            (temporary / "checkpoint").write_bytes(data)
            flush_entry(temporary / "checkpoint")
            (temporary / "checkpoint").replace(checkpoint(store, key))
            flush_entry(store.root)
        finally:
            remove_signed(temporary)


def kept_checkpoint(store: Store, key: str) -> bytes | None:
    """Return a key's checkpoint, None if there is none."""
    try:
        return checkpoint(store, key).read_bytes()
    except OSError:
        return None


def drop_checkpoint(store: Store, key: str) -> None:
    """Remove a key's checkpoint, if there is one."""
    checkpoint(store, key).unlink(missing_ok=True)
