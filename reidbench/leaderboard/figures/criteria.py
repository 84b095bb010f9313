"""A grid of criteria by strategy and allocation: what, when and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.model import Row, Section
from reidbench.leaderboard.render.columns import signed

STRATEGIES = ("one-shot", "iterative", "progressive")
"""Those that come first, in this order."""


def criterion_grid(name: str, what: str, section: Section) -> Figure | None:
    """Draw mAP minus the dense network's, criteria by strategy and allocation.

    A control that stands in several columns, as chance may, is a row for criteria to beat. None
    without a dense row, for fewer than two columns, or where no criterion is in two of them.
    """
    rows = [row for row in section.rows if row.delta is not None]
    variants = Counter(row.method for row in rows)
    criteria = [row for row in rows if not row.control]
    columns = sorted({(row.allocation, row.strategy) for row in criteria}, key=_order)
    if len(columns) < 2 or max(variants[row.method] for row in criteria) < 2:
        return None
    cells = [
        _cell(row)
        for row in rows
        if (row.allocation, row.strategy) in columns
        and (not row.control or variants[row.method] > 1)
    ]
    title = f"Criteria by strategy and allocation, {100 * section.reduction:g} % fewer MACs: {what}"
    best = max(cells, key=lambda cell: float(cell["points"]))
    said = (
        "Points of mAP above or below the dense network, with ± half of the 95 % interval. "
        f"Highest: {best['method']} ({best['column']}), {best['points']:+.1f}."
    )
    labels = [f"{strategy}, {allocation}" for allocation, strategy in columns]
    bound = max(abs(_points(row)) for row in criteria) or 1
    return draw(name, title, said, _grid(cells, labels, _best_first(cells), bound))


def _order(column: tuple[str, str]) -> tuple[str, int, str]:
    allocation, strategy = column
    place = STRATEGIES.index(strategy) if strategy in STRATEGIES else len(STRATEGIES)
    return allocation, place, strategy


def _cell(row: Row) -> dict[str, Any]:
    half = ""
    if row.delta_interval:
        half = f" ± {50 * (row.delta_interval.high - row.delta_interval.low):.1f}"
    return {
        "method": row.method,
        "column": f"{row.strategy}, {row.allocation}",
        "points": round(_points(row), 3),
        "text": f"{signed(row.delta or 0)}{half}",
    }


def _points(row: Row) -> float:
    """Return its difference to the dense row, which it has."""
    return 100 * (row.delta or 0)


def _best_first(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    points: dict[str, list[float]] = defaultdict(list)
    for cell in cells:
        points[cell["method"]].append(cell["points"])
    return sorted(points, key=lambda method: -fmean(points[method]))


def _grid(
    cells: list[dict[str, Any]], columns: list[str], methods: list[str], bound: float
) -> Mapping[str, Any]:
    y = {"field": "method", "type": "nominal", "sort": methods, "title": None}
    x = {"field": "column", "type": "nominal", "sort": columns, "title": None}
    return {
        "data": values(cells),
        "width": {"step": 58},
        "height": {"step": 18},
        "encoding": {"x": {**x, "axis": {"labelAngle": -30}}, "y": y},
        "layer": [
            {
                "mark": "rect",
                "encoding": {
                    "fill": {
                        "field": "points", "type": "quantitative", "title": "points to dense",
                        # A control may be far below all criteria: it takes the last colour.
                        "scale": {"range": ["#D8A15D", "#FFFFFF", "#7FB8DE"], "clamp": True,
                                  "domain": [-bound, 0, bound], "interpolate": "rgb"},
                    }
                },
            },
            {
                # Pale cells, so that the same dark figures can be read in a dark page too.
                "mark": {"type": "text", "fontSize": 10, "color": "#000000"},
                "encoding": {"text": {"field": "text", "type": "nominal"}},
            },
        ],
    }  # fmt: skip
