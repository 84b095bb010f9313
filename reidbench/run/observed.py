"""Turns the event log's phase events into what observers are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reidbench.api.events import CurvePoint, PhaseFinished, PhaseStarted, PhaseStep
from reidbench.plugins.observers import Observers
from reidbench.store import Store
from reidbench.store.artefacts import StoreError
from reidbench.store.curve import read_curve

_ENDS = ("finished", "failed", "retried")
_COUNTED = re.compile(r"^\[\d+/\d+\] | \(worker \d+\)$")
"""What log lines add to a label: it differs from run to run."""


@dataclass(frozen=True)
class ObservedEvents:
    """Tells observers of the phases that the log hears of; ``store`` has the curves."""

    observers: Observers
    store: Store

    def __call__(self, kind: str, content: Mapping[str, Any]) -> None:
        """Tell observers of one event, unless it is none of a phase."""
        if not kind.startswith("phase "):
            return
        word = kind.removeprefix("phase ")
        content = {**content, "label": _COUNTED.sub("", content["label"])}
        if word == "started":
            self.observers.tell("reidbench_phase_started", PhaseStarted(**content))
        elif word == "step":
            numbers = {"loss": None, "images_per_second": None}
            self.observers.tell("reidbench_phase_step", PhaseStep(**{**numbers, **content}))
        elif word in _ENDS:
            curve = self._curve(content["key"]) if word == "finished" else ()
            why = content.get("why")
            named = {"key": content["key"], "label": content["label"]}
            event = PhaseFinished(**named, end=word, why=why, curve=curve)  # type: ignore[arg-type]
            self.observers.tell("reidbench_phase_finished", event)

    def _curve(self, key: str) -> tuple[CurvePoint, ...]:
        try:
            return tuple(read_curve(self.store, key))
        except StoreError:  # what reads it next says so
            return ()
