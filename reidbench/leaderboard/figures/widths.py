"""The widths that methods keep, layer by layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from reidbench.leaderboard.figures.figure import Figure, draw, values
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
