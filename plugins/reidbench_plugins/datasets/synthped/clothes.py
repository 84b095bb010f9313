"""What people wear on the trunk: garments, their patterns, collars, zips and folds."""

from __future__ import annotations

import math
from collections.abc import Callable

from reidbench_plugins.datasets.synthped.canvas import Canvas, shade
from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthped.identity import Body, Outfit, Person
from reidbench_plugins.datasets.synthped.pose import View
from reidbench_plugins.datasets.synthped.surface import Ring, Surface

HALF = math.pi
HEMS = {"tee": 0.475, "sweater": 0.465, "vest": 0.46, "jacket": 0.46, "coat": 0.33, "dress": 0.33}
PADDING = {"tee": 1.0, "sweater": 1.05, "vest": 1.14, "jacket": 1.1, "coat": 1.12, "dress": 0.98}
OPENS = ("jacket", "coat", "vest")


def trunk(body: Body, outfit: Outfit) -> Surface:
    """Return the surface of the upper garment, from the neck to its hem."""
    pad, w, d = PADDING[outfit.upper], body.width, body.width * body.depth
    rings: list[Ring] = [
        (0.855, 0.034 * w, 0.036 * d),
        (0.835, 0.062 * w * body.shoulders, 0.045 * d),
        (0.815, 0.112 * w * body.shoulders * pad, 0.056 * d * pad),
        (0.74, 0.112 * w * body.shoulders * pad, 0.074 * d * pad),
        (0.62, 0.092 * w * pad, 0.068 * d * pad),
        (0.52, 0.100 * w * body.hips * pad, 0.074 * d * pad),
        (0.46, 0.104 * w * body.hips * pad, 0.074 * d * pad),
    ]
    hem = HEMS[outfit.upper]
    if hem < 0.46:
        wide = 1.0 + (0.5 if outfit.upper == "dress" else 0.12) * (0.3 + outfit.flare)
        length = hem - 0.07 * outfit.lower_length
        rings.append((length, 0.108 * w * body.hips * wide, 0.084 * d * wide))
    else:
        rings[-1] = (hem, *rings[-1][1:])
    return Surface(tuple(rings))


def draw_trunk(canvas: Canvas, view: View, person: Person, dice: Dice) -> None:
    """Draw the upper garment with its pattern, its opening and its folds."""
    outfit = person.outfit
    surface = trunk(person.body, outfit)
    canvas.fill(surface.outline(view), outfit.upper_colour)
    PATTERNS[outfit.pattern](canvas, view, surface, outfit)
    if outfit.upper in OPENS:
        _opening(canvas, view, surface, outfit)
    if outfit.belt and outfit.upper in ("coat", "dress"):
        canvas.fill(_ring(view, surface, 0.575, 0.6), shade(outfit.accent, 0.7))
    surface.round(canvas, view)
    _folds(canvas, view, surface, dice)
    if outfit.scarf:
        _scarf(canvas, view, surface, outfit)


def _ring(view: View, surface: Surface, low: float, high: float) -> list[tuple[float, float]]:
    return surface.panel(view, (-HALF * 1.5, HALF * 1.5), (low, high))


def _plain(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    canvas.fill(_ring(view, surface, 0.84, 0.856), shade(outfit.upper_colour, 0.75))


def _hoops(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    pitch = 0.30 / outfit.repeats
    for index in range(outfit.repeats + 1):
        low = 0.49 + pitch * index
        canvas.fill(_ring(view, surface, low, low + pitch * 0.45), outfit.accent)


def _stripes(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    count = 2 + 2 * outfit.repeats
    bottom = surface.rings[-1][0]
    for index in range(count):
        turn = 2 * HALF * index / count
        canvas.fill(
            surface.panel(view, (turn - 0.5 / count, turn + 1.5 / count), (bottom, 0.82)),
            outfit.accent,
        )


def _checks(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    _hoops(canvas, view, surface, outfit)
    _stripes(canvas, view, surface, outfit)


def _yoke(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    canvas.fill(_ring(view, surface, 0.70 + 0.015 * outfit.repeats, 0.836), outfit.accent)


def _hem(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    bottom = surface.rings[-1][0]
    canvas.fill(_ring(view, surface, bottom, 0.48 + 0.03 * outfit.repeats), outfit.accent)


def _band(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    low = 0.56 + 0.03 * outfit.repeats
    canvas.fill(_ring(view, surface, low, low + 0.045), outfit.accent)


def _sash(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    for index in range(7):
        turn, height = -1.1 + 0.3 * index, 0.80 - 0.045 * index
        for centre in (turn, HALF - turn):
            span = (centre - 0.24, centre + 0.24)
            canvas.fill(surface.panel(view, span, (height - 0.045, height)), outfit.accent)


def _dots(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    radius = 0.02 - 0.002 * outfit.repeats
    for row in range(6):
        for column in range(8):
            turn = 2 * HALF * (column + 0.5 * (row % 2)) / 8
            centre, facing = surface.spot(view, turn, 0.51 + 0.055 * row)
            if facing > 0.25:
                size = radius * view.scale
                canvas.disc(centre, size * min(1.0, facing * 1.2), size, outfit.accent)


def _logo(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    for turn in (0.0, HALF) if outfit.back_print else (0.0,):
        _mark(canvas, view, surface, outfit, turn)


def _mark(canvas: Canvas, view: View, surface: Surface, outfit: Outfit, turn: float) -> None:
    y = outfit.logo_height
    boxes = {
        "disc": ((0.5, 0.045),),
        "block": ((0.55, 0.05),),
        "bar": ((0.8, 0.018),),
        "ring": ((0.6, 0.055), (0.3, 0.028)),
        "tower": ((0.22, 0.07),),
        "cross": ((0.16, 0.06), (0.6, 0.018)),
    }[outfit.logo]
    for index, (half, height) in enumerate(boxes):
        hole = outfit.logo == "ring" and index == 1
        colour = outfit.upper_colour if hole else outfit.accent
        span = (y - height, y + height)
        canvas.fill(surface.panel(view, (turn - half, turn + half), span), colour)
        if outfit.logo == "disc":
            wide = surface.panel(
                view, (turn - half * 1.5, turn + half * 1.5), (y - height / 2, y + height / 2)
            )
            canvas.fill(wide, colour)


PATTERNS: dict[str, Callable[[Canvas, View, Surface, Outfit], None]] = {
    "plain": _plain,
    "sleeves": _plain,
    "hoops": _hoops,
    "stripes": _stripes,
    "checks": _checks,
    "yoke": _yoke,
    "hem": _hem,
    "band": _band,
    "sash": _sash,
    "dots": _dots,
    "logo": _logo,
}


def _opening(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    bottom = surface.rings[-1][0]
    half = 0.1 + 0.5 * outfit.flare
    if half > 0.25:
        top = surface.panel(view, (-half, half), (0.5, 0.845))
        canvas.fill(top, outfit.inner)
    canvas.fill(surface.panel(view, (-0.06, 0.06), (bottom, 0.83)), shade(outfit.upper_colour, 0.5))


def _folds(canvas: Canvas, view: View, surface: Surface, dice: Dice) -> None:
    for _ in range(4):
        height = dice.uniform(0.5, 0.76)
        start, facing = surface.spot(view, dice.uniform(-3, 3), height)
        end, _ = surface.spot(view, dice.uniform(-3, 3), height - dice.uniform(0.0, 0.06))
        if facing > 0.2:
            middle = ((start[0] * 2 + end[0]) / 3, (start[1] * 2 + end[1]) / 3)
            canvas.tone_line(start, middle, 4, 0.8)


def _scarf(canvas: Canvas, view: View, surface: Surface, outfit: Outfit) -> None:
    colour = outfit.bag_colour
    canvas.fill(_ring(view, surface, 0.815, 0.87), colour)
    canvas.fill(surface.panel(view, (0.15, 0.5), (0.66, 0.82)), shade(colour, 0.85))
