"""The training curves of a submission: whole, and of the phases of its results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from reidbench.api.events import CurvePoint
from reidbench.results import CURVES, PhaseReport
from reidbench.results.curves import Reader
from reidbench.submissions.finding import Finding
from reidbench.submissions.lines import Line
from reidbench.submissions.strict_json import parse

AGAIN = "let 'reidbench submit' write the file again, or leave it out"
LONGEST_LINE = 8_000
FARTHEST = 0.001
"""Epochs between the end of a curve and of its phase, which are rounded apart."""


def curve_findings(folder: Path, lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield what is wrong with ``curves.jsonl``, which may lie beside results."""
    try:
        texts = (folder / CURVES).read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        yield Finding(CURVES, 0, "", f"not UTF-8 ({error.reason})", AGAIN)
        return
    if texts.pop():
        yield Finding(CURVES, len(texts) + 1, "", "cut off: no end of line", AGAIN)
    phases = {phase.key: phase for line in lines for phase in line.result.phases}
    reader = Reader()
    for number, text in enumerate(texts, start=1):
        known = len(reader.curves)
        try:
            if len(text) > LONGEST_LINE:
                raise ValueError(f"{len(text)} characters, where at most {LONGEST_LINE} are read")
            reader.read(number, parse(text))
        except ValueError as error:
            yield Finding(CURVES, number, "", str(error), AGAIN)
        if len(reader.curves) > known:
            key, points = next(reversed(reader.curves.items()))
            for field, why in _curve(points, phases.get(key)):
                yield Finding(CURVES, number, field, why, AGAIN)


def _curve(points: Sequence[CurvePoint], phase: PhaseReport | None) -> Iterator[tuple[str, str]]:
    if phase is None:
        yield "phase", "no result has this phase"
        return
    last = points[-1]
    if last.step != phase.steps:
        yield "steps", f"end at {last.step}, the phase at {phase.steps}"
    if abs(last.epoch - phase.epochs) > FARTHEST:
        yield "epochs", f"end at {last.epoch:g}, the phase at {phase.epochs:g}"
    if any(b.epoch < a.epoch for a, b in pairwise(points)):
        yield "epochs", "do not rise"
    for name in ("epoch", "learning_rate", "images_per_second"):
        if any(getattr(point, name) < 0 for point in points):
            yield name, "below 0"
