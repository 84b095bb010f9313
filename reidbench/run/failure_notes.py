"""Notes of failed nodes, by which processes that share a run do not each try them again."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reidbench.files import write_atomically
from reidbench.results import Status
from reidbench.run.executor import Failure


class FailureNotes:
    """A folder of notes, of which those count that appear while this process runs.

    Failures are never cached: a new run tries again. No clock decides what is new, because those of
    machines differ: a note has an id, and the ids that are there at the start are known.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = {path.stem: _id(path) for path in folder.glob("*.json")}

    def put(self, key: str, failure: Failure) -> None:
        """Note that a node has failed."""
        note = {"id": uuid.uuid4().hex, **asdict(failure)}
        write_atomically(self._path(key), json.dumps(note, indent=1) + "\n")

    def get(self, key: str) -> Failure | None:
        """Return why another process could not make a node, if it failed since the start."""
        note = _read(self._path(key))
        if "why" not in note or note.get("id") == self._before.get(key, ""):
            return None
        status: Status = "diverged" if note.get("status") == "diverged" else "failed"
        return Failure(status, note["why"], note.get("provenance", {}))

    def drop(self, key: str) -> None:
        """Forget the failure of a node that is tried again."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _id(path: Path) -> str:
    return str(_read(path).get("id", ""))


def _read(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
