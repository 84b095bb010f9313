"""The training curves of a trial's page: plain lines, because thousands of pages have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from reidbench.leaderboard.render.columns import NOTHING
from reidbench.results.curves import Points

WIDTH, HEIGHT, GAP = 320, 80, 26
"""Of a panel, in units of the picture, and between two: there its name and range stand."""
QUANTITIES = {
    "loss": "loss",
    "learning_rate": "learning rate",
    "images_per_second": "images a second",
}


@dataclass(frozen=True)
class Panel:
    """One quantity over the epochs: a line a phase, between its least and its largest value."""

    name: str
    top: int
    low: str
    high: str
    lines: Sequence[str]
    """Points of each phase, as SVG has them."""


@dataclass(frozen=True)
class Training:
    """All curves of a trial, its phases one after another."""

    panels: Sequence[Panel]
    borders: Sequence[float]
    """Where a phase begins, but for the first."""
    epochs: str
    phases: Sequence[tuple[str, ...]]
    """Title, epochs, loss at first and at last, and the median of images a second."""

    height: int = (HEIGHT + GAP) * len(QUANTITIES) + GAP // 2


def training(curves: Sequence[tuple[str, Points]]) -> Training | None:
    """Return the titles and curves of a trial's phases as a page draws them, None without any."""
    if not curves:
        return None
    ends = [0.0, *accumulate(points[-1].epoch for _, points in curves)]
    scale = WIDTH / (ends[-1] or 1.0)
    panels = [
        _panel(number, name, [points for _, points in curves], ends, scale)
        for number, name in enumerate(QUANTITIES)
    ]
    phases = [(title, *_cells(points)) for title, points in curves]
    return Training(panels, [round(scale * it, 1) for it in ends[1:-1]], f"{ends[-1]:g}", phases)


def _panel(
    number: int, name: str, curves: Sequence[Points], starts: Sequence[float], scale: float
) -> Panel:
    every = [getattr(point, name) for points in curves for point in points]
    low, high, top = min(every), max(every), number * (HEIGHT + GAP) + GAP - 6
    unit = HEIGHT / (high - low) if high > low else 0.0
    lines = [
        " ".join(
            f"{scale * (start + point.epoch):.1f},{top + unit * (high - getattr(point, name)):.1f}"
            for point in points
        )
        for start, points in zip(starts, curves, strict=False)
    ]
    return Panel(QUANTITIES[name], top, _number(low), _number(high), lines)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _cells(points: Points) -> tuple[str, ...]:
    first, last = points[0], points[-1]
    speed = median(point.images_per_second for point in points)
    return (
        f"{last.epoch:g}",
        f"{first.loss:.3g}",
        f"{last.loss:.3g}" if len(points) > 1 else NOTHING,
        f"{speed:.0f}",
    )
