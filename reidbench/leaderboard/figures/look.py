"""How every picture looks: colours and shapes of families, and the dark variant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

INK, GRID, QUIET = "#1b1f24", "#d9dde2", "#59636e"
PLOT_WIDTH = 190
"""Pixels; with its labels a picture fits a telephone of 390."""

# Okabe and Ito's palette: the colours that stay apart best for colour-blind readers. Orange and
# sky blue have too little contrast on white, so that every mark has a dark outline and a shape.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999",
)  # fmt: skip
SHAPES = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down",
    "triangle-right", "triangle-left",
)  # fmt: skip

OUTLINED: Mapping[str, Any] = {
    "encoding": {"symbols": {"update": {"stroke": {"value": INK}, "strokeWidth": {"value": 1}}}}
}
"""A legend whose symbols have the outline that the marks have."""

_DARK = {INK: "#e6edf3", GRID: "#3d444d", QUIET: "#a5aeb8"}
DARK_STYLE = (
    "<style>@media (prefers-color-scheme: dark){"
    + "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in _DARK.items()
    )
    + "}</style>"
)
"""Colours on a dark page, for a picture in a file of its own."""

CONFIG: Mapping[str, Any] = {
    "background": "transparent",
    "font": "Helvetica, Arial, sans-serif",
    "view": {"stroke": GRID},
    "axis": {
        "gridColor": GRID,
        "domainColor": QUIET,
        "tickColor": QUIET,
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelLimit": 202,
    },
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "orient": "bottom",
        "columns": 3,
    },
    "header": {"labelColor": INK, "titleColor": INK},
    "title": {"color": INK},
}


def by_family(families: Iterable[str]) -> Mapping[str, Any]:
    """Return the encoding of families by colour and shape, the same in every picture."""
    names = sorted(set(families))
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(names))]
    shapes = [SHAPES[place % len(SHAPES)] for place in range(len(names))]
    return {
        "fill": _scale("family", names, colours),
        "shape": _scale("family", names, shapes),
        "stroke": {"value": INK},
    }


def _scale(field: str, domain: list[str], colours: list[str]) -> Mapping[str, Any]:
    scale = {"domain": domain, "range": colours}
    return {
        "field": field, "type": "nominal", "scale": scale, "title": field, "legend": OUTLINED,
    }  # fmt: skip
