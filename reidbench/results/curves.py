"""The training curves of published results: one file beside them, a JSON line a phase.

The first line names the format; then comes a line for each schedule, which phases share: the steps
and epochs of its points, and the learning rate at each; then a line for each phase, sorted by key:
its loss and images a second. Numbers are rounded and packed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from reidbench.api.events import CurvePoint
from reidbench.files import write_atomically
from reidbench.results.packed_numbers import (
    pack_decimals,
    pack_pids,
    unpack_decimals,
    unpack_pids,
)
from reidbench.results.result import Result
from reidbench.results.validation import ResultError
from reidbench.store import Store
from reidbench.store.curve import read_curve

CURVES = "curves.jsonl"
FORMAT = "reidbench_curves"
VERSION = 1
LONGEST = 101
"""Points of a curve: the first step, and each hundredth."""
Points = Sequence[CurvePoint]
Curves = Mapping[str, Points]
"""Curves by the keys of their phases."""
HEAD = {FORMAT: VERSION}


@dataclass
class Reader:
    """Reads documents one after another, as they stand in the file."""

    curves: dict[str, Points] = field(default_factory=dict)
    _schedules: dict[str, tuple[list[int], list[float], list[float]]] = field(default_factory=dict)

    def read(self, number: int, document: object) -> None:
        """Take in the document of a line.

        Raises:
            ValueError: it is none of this format, or not whole.

        """
        if number == 1:
            if document != HEAD:
                raise ValueError(f"no curves of version {VERSION}, which begin with {_line(HEAD)}")
        elif isinstance(document, dict) and document.keys() == {"schedule", "count", *_SCHEDULE}:
            self._schedules |= _schedule(document)
        elif isinstance(document, dict) and document.keys() == {"phase", "schedule", *_PHASE}:
            key, curve = self._phase(document)
            if key <= next(reversed(self.curves), ""):
                raise ValueError(f"{ascii(key)[:20]} is not sorted, or stands there twice")
            self.curves[key] = curve
        else:
            raise ValueError("neither a schedule nor a phase")

    def _phase(self, document: Mapping[str, Any]) -> tuple[str, Points]:
        texts = _texts(document, "phase", "schedule", *_PHASE)
        if texts["schedule"] not in self._schedules:
            raise ValueError("no line above has its schedule")
        steps, epochs, rates = self._schedules[texts["schedule"]]
        loss, speed = (unpack_decimals(texts[name], len(steps)) for name in _PHASE)
        return texts["phase"], tuple(map(CurvePoint, steps, epochs, loss, rates, speed))


_SCHEDULE = ("steps", "epochs", "learning_rate")
_PHASE = ("loss", "images_per_second")


def write_curves(path: Path, curves: Curves) -> Path:
    """Write curves, atomically; the same curves give the same bytes.

    Raises:
        ResultError: a curve holds what is not finite.

    """
    schedules, phases = dict[str, dict[str, Any]](), list[dict[str, Any]]()
    for key, curve in sorted(curves.items()):
        try:
            schedule = {
                "steps": pack_pids([it.step for it in curve]),
                "epochs": pack_decimals([it.epoch for it in curve], significant=7),
                "learning_rate": pack_decimals([it.learning_rate for it in curve], significant=6),
            }
            speeds = [it.images_per_second for it in curve]
            own = {
                "loss": pack_decimals([it.loss for it in curve], significant=4),
                "images_per_second": pack_decimals(speeds, significant=3),
            }
        except ValueError as error:
            raise ResultError(f"{path}: the curve of phase {key}: {error}") from error
        digest = _digest(schedule)
        schedules[digest] = {"schedule": digest, "count": len(curve), **schedule}
        phases.append({"phase": key, "schedule": digest, **own})
    documents = [HEAD, *(it for _, it in sorted(schedules.items())), *phases]
    write_atomically(path, "".join(f"{_line(document)}\n" for document in documents))
    return path


def read_curves(path: Path) -> Curves:
    """Read the curves that lie beside results; none where there is no file.

    Raises:
        ResultError: the file is damaged, or of another version.

    """
    if not path.is_file():
        return {}
    reader, number = Reader(), 0
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            reader.read(number, json.loads(line))
    except (OSError, ValueError, RecursionError) as error:
        remedy = "restore the file, or remove it: pages then show no curves"
        raise ResultError(f"{path}:{number}: damaged curves ({error}); {remedy}") from error
    return reader.curves


def keep_curves(folder: Path, results: Iterable[Result], store: Store) -> tuple[int, int]:
    """Write the curves of the phases of results beside them; return how many, and of how many.

    Those of the store are taken, and those that are there already of phases that it has lost.

    Raises:
        ResultError: the curves that are there are damaged.
        StoreError: a curve of the store is.

    """
    path = folder / CURVES
    keys = {phase.key for result in results for phase in result.phases if phase.steps}
    found = {key: curve for key, curve in read_curves(path).items() if key in keys}
    found |= {key: curve for key in keys if (curve := read_curve(store, key))}
    if found:
        write_curves(path, found)
    return len(found), len(keys)


def curves_of(result: Result, curves: Curves) -> Iterator[tuple[str, Points]]:
    """Yield the title and the curve of each phase of a result that has one, in their order."""
    for phase in result.phases:
        if phase.key in curves:
            yield f"{phase.kind} on {phase.on}", curves[phase.key]


def _schedule(
    document: Mapping[str, Any],
) -> dict[str, tuple[list[int], list[float], list[float]]]:
    texts, count = _texts(document, "schedule", *_SCHEDULE), document["count"]
    if type(count) is not int or not 1 <= count <= LONGEST:
        raise ValueError(f"'count' is not from 1 to {LONGEST}")
    if texts["schedule"] != _digest({name: texts[name] for name in _SCHEDULE}):
        raise ValueError("not the schedule of this digest")
    steps = unpack_pids(texts["steps"], count)
    epochs, rates = (unpack_decimals(texts[name], count) for name in _SCHEDULE[1:])
    if steps[0] < 1 or any(b <= a for a, b in pairwise(steps)):
        raise ValueError("'steps' do not rise from 1 on")
    return {texts["schedule"]: (steps, epochs, rates)}


def _texts(document: Mapping[str, Any], *names: str) -> dict[str, str]:
    for name in names:
        if not isinstance(document[name], str):
            raise ValueError(f"'{name}' is no text")
    return {name: document[name] for name in names}


def _digest(schedule: Mapping[str, str]) -> str:
    return hashlib.sha256(_line(schedule).encode()).hexdigest()[:16]


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
