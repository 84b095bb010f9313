"""The main picture: the rows of a reduction, best first, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.figures.look import INK, PLOT_WIDTH, QUIET, by_family
from reidbench.leaderboard.model import Row, Section
from reidbench.leaderboard.render.page import may_be_best

ROW_HEIGHT = 15


def dot_plot(name: str, what: str, section: Section, families: Mapping[str, str]) -> Figure | None:
    """Draw the differences to the dense network; None where no row has one."""
    rows = [_datum(row, families) for row in section.rows if row.delta is not None]
    if not rows:
        return None
    best = [str(row["label"]) for row in rows if row["best"]]
    title = f"Difference to the unpruned network, {100 * section.reduction:g} % fewer MACs: {what}"
    said = f"{len(rows)} rows, the best mean first. "
    said += f"May be best: {', '.join(best)}. " if best else "No row is ranked. "
    extremes = (rows[0], rows[-1])
    said += "From " + " to ".join(f"{it['label']} ({it['delta']:+.1f} points)" for it in extremes)
    return draw(name, title, said + ".", _spec(rows, families))


def _spec(rows: list[dict[str, Any]], families: Mapping[str, str]) -> Mapping[str, Any]:
    order = [row["label"] for row in rows]
    # An axis of its own type, because labels repeat nowhere within a section.
    where = {"field": "label", "type": "nominal", "sort": order, "title": None}
    axis = {"labelFontWeight": {"condition": {"test": _is_best(rows), "value": "bold"},
                                "value": "normal"}}  # fmt: skip
    across = {"type": "quantitative", "title": "points of mAP against dense, 95 % interval"}
    return {
        "data": values(rows),
        "width": PLOT_WIDTH,
        "height": {"step": ROW_HEIGHT},
        "encoding": {"y": {**where, "axis": axis}},
        "layer": [
            {"mark": {"type": "rule", "color": QUIET}, "encoding": {"x": {"datum": 0}}},
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "color": INK},
                "encoding": {"x": {"field": "low", **across}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "size": 55, "strokeWidth": 1, "opacity": 1},
                "encoding": {
                    "x": {"field": "delta", **across},
                    "description": {"field": "said", "type": "nominal"},
                    **by_family(row["family"] for row in rows),
                },
            },
        ],
    }


def _is_best(rows: list[dict[str, Any]]) -> str:
    """Return the expression that holds for the labels, by place, of rows that may be best."""
    places = [place for place, row in enumerate(rows) if row["best"]]
    last = max(len(rows) - 1, 1)
    # Places, not labels: what a result file says must not become part of an expression.
    return " || ".join(f"abs(datum.index - {it / last}) < 1e-9" for it in places) or "false"


def _datum(row: Row, families: Mapping[str, str]) -> dict[str, Any]:
    delta = 100 * (row.delta or 0.0)
    low, high = row.delta_interval.points if row.delta_interval else (delta, delta)
    rank = f", ranks {row.rank}" if row.rank else ", not ranked"
    return {
        "label": row.label,
        "family": families.get(row.method, "other"),
        "delta": round(delta, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "best": may_be_best(row),
        "said": f"{row.label}: {delta:+.1f} points [{low:+.1f}, {high:+.1f}]{rank}",
    }
