"""What retraining gives back: mAP right after the cut and at the end, by strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.figures.look import INK, OUTLINED, PALETTE, PLOT_WIDTH, QUIET
from reidbench.leaderboard.model import Section


def recovery(name: str, what: str, section: Section) -> Figure | None:
    """Draw a line a row from before retraining to after; None where nothing was kept before."""
    rows: list[dict[str, Any]] = [
        {
            "label": row.label,
            "strategy": row.strategy,
            "before": round(100 * row.before_retraining.mean, 4),
            "after": round(100 * row.mean_ap.mean, 4),
        }
        for row in section.rows
        if row.mean_ap and row.before_retraining
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: (row["strategy"], -row["after"]))
    most = max(rows, key=lambda row: row["after"] - row["before"])
    title = f"mAP before and after retraining, {100 * section.reduction:g} % fewer MACs: {what}"
    said = (
        f"{len(rows)} rows by strategy. Retraining gives {most['label']} the most: from "
        f"{most['before']:.1f} to {most['after']:.1f} %."
    )
    return draw(name, title, said, _spec(rows))


def _spec(rows: list[dict[str, Any]]) -> Mapping[str, Any]:
    order = [row["label"] for row in rows]
    points = [
        {"label": row["label"], "strategy": row["strategy"], "map": row[moment],
         "when": f"{moment} retraining"}
        for row in rows
        for moment in ("before", "after")
    ]  # fmt: skip
    across = {"type": "quantitative", "title": "mAP %"}
    when = {"field": "when", "type": "nominal", "title": None, "legend": OUTLINED}
    domain = ["before retraining", "after retraining"]
    fill = {**when, "scale": {"domain": domain, "range": ["#FFFFFF", PALETTE[0]]}}
    shape = {**when, "scale": {"domain": domain, "range": ["circle", "square"]}}
    return {
        "data": values(points),
        "facet": {
            "row": {
                "field": "strategy", "type": "nominal",
                "header": {"labelAngle": 0, "labelAnchor": "start", "labelOrient": "top",
                           "title": None, "labelFontWeight": "bold", "labelPadding": 2},
            }
        },
        "resolve": {"scale": {"y": "independent"}},
        "spacing": 12,
        "spec": {
            "width": PLOT_WIDTH,
            "height": {"step": 14},
            "encoding": {
                "y": {"field": "label", "type": "nominal", "sort": order, "title": None}
            },
            "layer": [
                {
                    "mark": {"type": "line", "color": QUIET, "strokeWidth": 1.5},
                    "encoding": {"x": {"field": "map", **across}, "detail": {"field": "label"}},
                },
                {
                    "mark": {"type": "point", "size": 45, "strokeWidth": 1, "opacity": 1},
                    "encoding": {
                        "x": {"field": "map", **across},
                        "stroke": {"value": INK},
                        "fill": fill,
                        "shape": shape,
                    },
                },
            ],
        },
    }  # fmt: skip
