"""A picture: its specification, and the SVG drawn from it without network or system fonts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from reidbench.leaderboard.figures.look import CONFIG, DARK_STYLE
from reidbench.leaderboard.figures.renderer import renderer

Spec = Mapping[str, Any]
VEGA_LITE = "5.20"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.20.0.json"


@dataclass(frozen=True)
class Figure:
    """A picture that tells what it shows in words too.

    ``name`` is the stem of its files; ``description`` is what a screen reader says.
    """

    name: str
    title: str
    description: str
    spec: str
    """The Vega-Lite specification, as JSON."""
    svg: str

    def png(self) -> bytes:
        """Return it as PNG, on white, at twice its size."""
        white = json.loads(self.spec)
        white["config"] = {**white["config"], "background": "#FFFFFF"}
        drawn: bytes = renderer().vegalite_to_png(white, vl_version=VEGA_LITE, scale=2)
        return drawn


def draw(name: str, title: str, description: str, spec: Spec) -> Figure:
    """Draw a specification; the same one always gives the same bytes."""
    whole = {"$schema": SCHEMA, "description": description, "config": CONFIG, **spec}
    svg = renderer().vegalite_to_svg(dict(whole), vl_version=VEGA_LITE)
    text = json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True)
    return Figure(name, title, description, text + "\n", _labelled(svg, name, title, description))


def inline(figure: Figure) -> str:
    """Return the SVG as part of an HTML page, whose own style tells light from dark."""
    return figure.svg.replace(DARK_STYLE, "")


def values(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Return data of a specification."""
    return {"values": [dict(row) for row in rows]}


def _labelled(svg: str, name: str, title: str, description: str) -> str:
    """Give an SVG a role, a title, a description, and names that no other figure has."""
    # The renderer counts on from picture to picture, so that its own names depend on the order.
    given = dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))
    for number, own in enumerate(given):
        svg = svg.replace(f'id="{own}"', f'id="{name}-{number}"')
        svg = svg.replace(f"url(#{own})", f"url(#{name}-{number})")
    root = re.match(r"<svg\b[^>]*>", svg)
    if root is None:
        raise ValueError(f"figure {name}: the renderer gave no SVG")
    start = root.group().replace(' class="marks"', "")[:-1]
    labels = f'role="img" aria-labelledby="{name}-title {name}-desc" class="figure"'
    texts = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    # What a mark says of itself would be read as a long list: the description stands for it.
    body = svg[root.end() :].replace("&nbsp;", "&#160;")
    return f"{start} {labels}>{texts}{DARK_STYLE}{body}\n"
