"""How trials trained: loss and learning rate over the epochs, phase after phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidbench.api.events import CurvePoint
from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.figures.look import PALETTE, QUIET

Phases = Sequence[tuple[str, Sequence[CurvePoint]]]
"""Titles and curves of a trial's phases, in their order."""
WIDTH, HEIGHTS = 260, {"loss": 170, "learning rate": 90}
LEGEND = {"labelLimit": 520, "columns": 2, "symbolType": "stroke", "symbolStrokeWidth": 3}


def training_curves(trials: Mapping[str, Phases]) -> Figure:
    """Draw the curves of trials by name, each in a column of its own, on scales of their own."""
    rows = [row for name, phases in trials.items() for row in _rows(name, phases)]
    title = "Training curves: " + ", ".join(trials)
    said = "Loss and learning rate over the epochs of each phase. " + " ".join(
        f"{name}: {'; '.join(_ends(phases))}." for name, phases in trials.items()
    )
    names = list(trials)
    parts = [_part(names, "loss", "loss", header=True), _part(names, "rate", "learning rate")]
    spec = {"data": values(rows), "vconcat": parts, "spacing": 8}
    return draw("training-curves", title, said, spec)


def _rows(name: str, phases: Phases) -> list[dict[str, Any]]:
    """Return the points of a trial; each phase begins at the epoch at which the last one ended."""
    rows, before = [], 0.0
    for number, (title, points) in enumerate(phases, start=1):
        for point in points:
            rows.append(
                {
                    "trial": name,
                    "phase": f"{number} {title}",
                    "epoch": round(before + point.epoch, 4),
                    "loss": point.loss,
                    "rate": point.learning_rate,
                    "begins": before > 0 and point is points[0],
                }
            )
        before += points[-1].epoch if points else 0.0
    return rows


def _ends(phases: Phases) -> list[str]:
    return [
        f"{title} from a loss of {points[0].loss:.3g} to {points[-1].loss:.3g}"
        for title, points in phases
        if points
    ]


def _part(names: list[str], field: str, title: str, *, header: bool = False) -> dict[str, Any]:
    """Return the charts of one quantity, a column a trial."""
    labels = {"title": None, "labelExpr": "split(datum.label, '/')", "labelFontSize": 11}
    epoch = {"title": "epochs, phases one after another"} if field == "rate" else {"title": None}
    across = {"field": "epoch", "type": "quantitative", **epoch}
    up = {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"zero": field == "rate"},
    }
    colour = {
        "field": "phase", "type": "nominal", "title": None, "legend": LEGEND,
        "scale": {"range": list(PALETTE)},
    }  # fmt: skip
    begins = {"mark": {"type": "rule", "color": QUIET, "strokeDash": [3, 3]}}
    return {
        "facet": {
            "column": {
                "field": "trial", "type": "nominal", "sort": names, "title": None,
                "header": labels if header else {"labels": False, "title": None},
            }
        },
        "spec": {
            "width": WIDTH,
            "height": HEIGHTS[title],
            "layer": [
                {**begins, "transform": [{"filter": "datum.begins"}], "encoding": {"x": across}},
                {
                    "mark": {"type": "line", "strokeWidth": 1.8},
                    "encoding": {"x": across, "y": up, "color": colour},
                },
            ],
        },
    }  # fmt: skip
