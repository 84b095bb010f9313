"""The claims of a suite as a forest plot: interval, bound, and the verdict as shape and word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidbench.config.claim import STANDINGS
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.figures.look import INK, OUTLINED, PALETTE, PLOT_WIDTH, QUIET

SHAPES = ("circle", "cross", "diamond")
COLOURS = (PALETTE[2], PALETTE[5], PALETTE[1])


def forest(name: str, suite: str, verdicts: Sequence[Verdict]) -> Figure | None:
    """Draw every claim that has a difference; None where none has."""
    rows = [_datum(verdict) for verdict in verdicts if verdict.difference]
    if not rows:
        return None
    said = "; ".join(f"{row['claim']}: {row['verdict']} ({row['mean']:+.1f})" for row in rows)
    return draw(name, f"Claims judged by the suite {suite}", said + ".", _spec(rows))


def _datum(verdict: Verdict) -> dict[str, Any]:
    it, claim = verdict.difference, verdict.claim
    if it is None:
        raise ValueError("a claim without a difference has no place in a forest plot")
    low, high = it.points
    bounds = [claim.at_least, claim.more_than, claim.at_most]
    within = [-claim.within, claim.within] if claim.within is not None else []
    return {
        "claim": claim.name,
        "verdict": verdict.standing,
        "label": f"{claim.name} · {verdict.standing}",
        "mean": round(100 * it.mean, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "bounds": [bound for bound in (*bounds, *within) if bound is not None],
    }


def _spec(rows: list[dict[str, Any]]) -> Mapping[str, Any]:
    x = {"type": "quantitative", "title": "points, 95 % interval; bars: the bound claimed"}
    order = [row["label"] for row in rows]
    bounds = [{"label": row["label"], "bound": it} for row in rows for it in row["bounds"]]
    shown = [{key: value for key, value in row.items() if key != "bounds"} for row in rows]
    kinds = {"field": "verdict", "type": "nominal", "title": None, "legend": OUTLINED}
    y = {"field": "label", "type": "nominal", "sort": order, "title": None,
         "axis": {"labelLimit": 190}}  # fmt: skip
    return {
        "data": values(shown),
        "width": PLOT_WIDTH - 35,
        "height": {"step": 22},
        "encoding": {"y": y},
        "layer": [
            {"mark": {"type": "rule", "color": QUIET}, "encoding": {"x": {"datum": 0}}},
            {
                "data": values(bounds),
                "mark": {"type": "tick", "thickness": 2, "size": 18, "color": INK},
                "encoding": {"x": {"field": "bound", **x}},
            },
            {
                "mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "size": 70, "strokeWidth": 1, "opacity": 1},
                "encoding": {
                    "x": {"field": "mean", **x},
                    "stroke": {"value": INK},
                    "fill": {**kinds, "scale": {"domain": list(STANDINGS), "range": list(COLOURS)}},
                    "shape": {**kinds, "scale": {"domain": list(STANDINGS), "range": list(SHAPES)}},
                },
            },
        ],
    }  # fmt: skip
