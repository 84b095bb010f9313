"""The event log of a run: one JSON line an event, appended whole, shared by all its processes.

Every line has ``v`` (the format's version, 1), ``kind``, ``time`` (seconds since 1970, UTC),
``host`` and ``pid``. docs/running.md lists the kinds and what each adds.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Any

from reidbench.text import training_numbers

VERSION = 1
STEP_SECONDS = 30.0
"""Seconds between two steps of a phase that are noted, at least."""
FIRST_STEP = 5.0
"""Seconds after which the first step is noted."""


@dataclass
class EventLog:
    """Appends events to a file, None writes nowhere, and tells ``listener`` of each.

    A log never ends a run: what cannot be written is left out.
    """

    path: Path | None = None
    listener: Callable[[str, Mapping[str, Any]], None] | None = None
    """Called with an event's kind and content, without what every line has."""
    _stepped: dict[str, float] = field(default_factory=dict)

    def write(self, kind: str, **content: Any) -> None:
        """Append an event."""
        if self.path is not None:
            self._append(self.path, kind, content)
        if self.listener is not None:
            self.listener(kind, content)

    def _append(self, path: Path, kind: str, content: Mapping[str, Any]) -> None:
        head = {"v": VERSION, "kind": kind, "time": round(time(), 3)}
        event = {**head, "host": socket.gethostname(), "pid": os.getpid(), **content}
        line = (json.dumps(event) + "\n").encode()
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            # One write to the file's end: lines of several processes do not mix.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def begin(self, key: str, label: str, worker: int = 1) -> None:
        """Note that a worker begins a phase."""
        self._stepped[key] = monotonic() + FIRST_STEP - STEP_SECONDS
        self.write("phase started", key=key, label=label, worker=worker)

    def step(self, key: str, label: str, done: int, total: int, note: str) -> bool:
        """Note a step, unless one of the phase was noted just now; return whether it was noted."""
        if (now := monotonic()) - self._stepped.setdefault(key, now) < STEP_SECONDS:
            return False
        self._stepped[key] = now
        numbers = training_numbers(note)
        self.write("phase step", key=key, label=label, done=done, total=total, note=note, **numbers)
        return True

    def end(self, kind: str, key: str, label: str, **content: Any) -> None:
        """Note that a phase has ended: ``phase finished``, ``failed`` or ``retried``."""
        self._stepped.pop(key, None)
        self.write(f"phase {kind}", key=key, label=label, **content)
