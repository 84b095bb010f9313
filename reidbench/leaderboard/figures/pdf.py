"""A picture as PDF, the same bytes each time."""

from __future__ import annotations

import re

from reidbench.leaderboard.figures.figure import Figure, inline
from reidbench.leaderboard.figures.look import CONFIG
from reidbench.leaderboard.figures.renderer import FONT, renderer

TRIES = 200
"""Of three fonts one try in six is in order: 200 fail once in 1e16."""
_FONT = re.compile(rb"\n(\d+) 0 obj\n<<\n  /Type /Font\n  /Subtype /Type0\n")
_RESOURCES = re.compile(rb"(?:\n {6}/\w+ [^\n]+){2,}(?=\n {4}>>)")


def to_pdf(figure: Figure) -> bytes:
    """Return a picture as PDF, on a white page, its text as text in fonts that it holds.

    The renderer goes through its fonts and resources in the order of a hash table, which is another
    one each time (https://github.com/typst/svg2pdf): it is asked until the fonts come in the order
    of their numbers, and the lines of resources, of which nothing else depends, are sorted.
    """
    svg = inline(figure).replace(str(CONFIG["font"]), FONT)
    for _ in range(TRIES):
        pdf: bytes = renderer().svg_to_pdf(svg)
        fonts = [int(number) for number in _FONT.findall(pdf)]
        if fonts == sorted(fonts):
            return _RESOURCES.sub(_sorted, pdf)
    raise ValueError(f"figure {figure.name}: the renderer gave no PDF with its fonts in order")


def _sorted(lines: re.Match[bytes]) -> bytes:
    # As long as before, so that what says where each object begins still holds.
    return b"".join(b"\n" + line for line in sorted(lines[0][1:].split(b"\n")))
