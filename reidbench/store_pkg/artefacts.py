"""The artefact store: what each phase left behind, under the phase's key, whole or absent."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reidbench.errors import ReidbenchError

META = "meta.json"


class StoreError(ReidbenchError):
    """An artefact that cannot be read."""


class Store:
    """A folder of artefacts, one sub-folder a key, shared by every suite that points at it.

    ``provenance`` is noted with whatever is written: an artefact outlives the run that made it.
    """

    def __init__(self, root: Path, provenance: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.provenance = dict(provenance or {})

    def has(self, key: str) -> bool:
        """Return whether the artefact of ``key`` is there and readable; damaged is absent."""
        try:
            self.meta(key)
        except StoreError:
            return False
        return True

    def folder(self, key: str) -> Path:
        """Return the folder of ``key``, whether or not it is there."""
        return self.root / key

    def meta(self, key: str) -> dict[str, Any]:
        """Return what was noted with the artefact.

        Raises:
            StoreError: the artefact is missing or damaged.

        """
        path = self.folder(key) / META
        try:
            meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{path}: artefact is missing or damaged ({error}); remove its folder and run again"
            ) from error
        return meta

    @contextmanager
    def writing(self, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Give a folder and a mapping to fill; keep both only if the block ends well.

        A crash leaves a hidden temporary folder that nobody reads; a second writer of the same key
        loses nothing, because equal keys hold equal artefacts.
        """
        # Not tempfile's, which would keep the artefact from everybody but its owner.
        temporary = self.root / f".{key}.{uuid.uuid4().hex}"
        temporary.mkdir(parents=True)
        meta: dict[str, Any] = {"provenance": self.provenance} if self.provenance else {}
        try:
            yield temporary, meta
            (temporary / META).write_text(json.dumps(meta, indent=1), encoding="utf-8")
            self._place(temporary, key)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _place(self, temporary: Path, key: str) -> None:
        if self.has(key):
            return
        shutil.rmtree(self.folder(key), ignore_errors=True)
        try:
            temporary.rename(self.folder(key))
        except OSError:
            # Another process may have placed the same artefact just now.
            if not self.has(key):
                raise
