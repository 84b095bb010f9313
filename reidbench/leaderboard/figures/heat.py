"""Two pictures of cells: the widths that methods keep, and criteria by strategy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.model import Section
from reidbench.results import Result


def widths_kept(name: str, what: str, reduction: float, results: Sequence[Result]) -> Figure | None:
    """Draw the share of channels kept, methods by layers, means over seeds and variants."""
    kept: dict[tuple[str, str], list[float]] = defaultdict(list)
    layers: dict[str, None] = {}
    for result in results:
        for layer, width in (result.widths or {}).items():
            layers.setdefault(layer)
            kept[result.trial.method, layer].append(width.kept / max(width.size, 1))
    if not kept:
        return None
    cells = [
        {"method": method, "layer": layer, "kept": round(100 * fmean(shares), 2)}
        for (method, layer), shares in sorted(kept.items())
    ]
    title = f"Channels kept of each layer, {100 * reduction:g} % fewer MACs: {what}"
    said = (
        f"{len({cell['method'] for cell in cells})} methods by {len(layers)} groups of coupled "
        "channels, from the first to the last; darker cells keep fewer."
    )
    return draw(name, title, said, _widths(cells, list(layers)))


def _widths(cells: list[dict[str, Any]], layers: list[str]) -> Mapping[str, Any]:
    return {
        "data": values(cells),
        "width": {"step": max(6, min(22, 242 // len(layers)))},
        "height": {"step": 14},
        "mark": "rect",
        "encoding": {
            "x": {
                "field": "layer", "type": "nominal", "sort": layers, "title": None,
                "axis": {"labelAngle": -90, "labelLimit": 110, "labelOverlap": True},
            },
            "y": {"field": "method", "type": "nominal", "title": None},
            "fill": {
                "field": "kept", "type": "quantitative", "title": "channels kept, %",
                "scale": {"scheme": "cividis", "domain": [0, 100]},
                "legend": {"gradientLength": 200},
            },
        },
    }  # fmt: skip


def criterion_grid(name: str, what: str, section: Section) -> Figure | None:
    """Draw mAP minus that of random removal, criteria by strategy and allocation.

    Each cell holds its difference to ``random``'s mean of the same strategy and allocation, or of
    all of ``random``'s where that was not run. None for fewer than two columns, or no ``random``.
    """
    rows = [row for row in section.rows if row.mean_ap]
    columns = {(row.strategy, row.allocation) for row in rows if not row.control}
    random = {
        (row.strategy, row.allocation): row.mean_ap.mean
        for row in rows
        if row.method == "random" and row.mean_ap
    }
    methods = {row.method for row in rows if not row.control}
    several = [row.method for row in rows].count
    if len(columns) < 2 or not random or max(map(several, methods), default=0) < 2:
        return None
    base = fmean(random.values())
    cells = [
        {
            "method": row.method,
            "column": f"{row.strategy}, {row.allocation}",
            "points": round(
                100 * (row.mean_ap.mean - random.get((row.strategy, row.allocation), base)), 3
            ),
            "text": _cell(row.mean_ap.mean - random.get((row.strategy, row.allocation), base),
                          row.mean_ap.sd),
        }
        for row in rows
        if row.method != "random" and row.mean_ap and not row.control
    ]  # fmt: skip
    title = f"Criteria by strategy, {100 * section.reduction:g} % fewer MACs: {what}"
    best = max(cells, key=lambda cell: float(str(cell["points"])))
    said = (
        "Points of mAP above or below random removal, with ± the standard deviation over seeds "
        f"where there are several. Highest: {best['method']} ({best['column']}), "
        f"{best['points']:+.1f}."
    )
    return draw(name, title, said, _grid(cells))


def _cell(difference: float, sd: float | None) -> str:
    return f"{100 * difference:+.1f}" + (f" ± {100 * sd:.1f}" if sd is not None else "")


def _grid(cells: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    found = list(cells)
    bound = max(abs(cell["points"]) for cell in found) or 1
    y = {"field": "method", "type": "nominal", "title": None}
    x = {"field": "column", "type": "nominal", "title": None, "axis": {"labelAngle": -30}}
    return {
        "data": values(found),
        "width": {"step": 58},
        "height": {"step": 18},
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "mark": "rect",
                "encoding": {
                    "fill": {
                        "field": "points", "type": "quantitative", "title": "points to random",
                        "scale": {"range": ["#D8A15D", "#FFFFFF", "#7FB8DE"],
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
