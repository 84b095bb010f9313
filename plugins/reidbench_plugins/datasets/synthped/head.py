"""Heads: face, hair in six styles, caps, beanies, brimmed hats and hoods."""

from __future__ import annotations

import math

from reidbench_plugins.datasets.synthped.canvas import Canvas, shade
from reidbench_plugins.datasets.synthped.identity import Person
from reidbench_plugins.datasets.synthped.pose import View
from reidbench_plugins.datasets.synthped.surface import Surface

CHIN = 0.868
# Height above the chin, half width and half depth of a skull, in head sizes.
SKULL = (
    (0.138, 0.012, 0.014), (0.132, 0.030, 0.034), (0.118, 0.044, 0.050), (0.095, 0.051, 0.060),
    (0.065, 0.051, 0.060), (0.035, 0.045, 0.052), (0.012, 0.032, 0.040), (0.0, 0.016, 0.026),
)  # fmt: skip
FRINGE = {"bald": 1.3, "short": 1.05, "bob": 0.85, "long": 0.9, "bun": 0.95, "tail": 0.95}


def _skull(person: Person, swell: float = 1.0) -> Surface:
    size = person.body.head
    wide = size * swell * (0.5 + 0.5 * person.body.width)
    return Surface(tuple((CHIN + size * y, wide * a, wide * b) for y, a, b in SKULL))


def draw_mane(canvas: Canvas, view: View, person: Person) -> None:
    """Draw the hair that hangs down the back: behind the trunk or before it, as the view asks."""
    colour = shade(person.hair_colour, 0.9)
    size = person.body.head
    if person.hat == "hood" or person.hair not in ("long", "bob", "tail"):
        return
    drop = {"long": 0.14, "bob": 0.03, "tail": 0.12}[person.hair]
    half = 0.022 if person.hair == "tail" else 0.055
    back = -0.045
    top, bottom = CHIN + 0.09 * size, CHIN - drop
    middle = (top + bottom) / 2
    points = []
    for y, part in ((top, 0.8), (middle, 1.0), (bottom, 0.8)):
        x, py = view.project(0.0, y, back)
        points.append((x, py, part * half * size * view.scale))
    outline = [(x - r, y) for x, y, r in points] + [(x + r, y) for x, y, r in points[::-1]]
    canvas.fill(outline, colour)
    canvas.tone(outline, 0.9)


def draw_head(canvas: Canvas, view: View, person: Person) -> None:
    """Draw neck, face, hair and hat."""
    skin = person.body.skin
    _neck(canvas, view, person)
    skull = _skull(person)
    bald = person.hair == "bald" and person.hat == "none"
    canvas.fill(skull.outline(view), skin if bald else person.hair_colour)
    size = person.body.head
    _face(canvas, view, person, skull)
    skull.round(canvas, view)
    if person.hair == "bun" and person.hat in ("none", "cap"):
        spot = view.project(0.0, CHIN + 0.12 * size, -0.06)
        canvas.disc(spot, 0.028 * view.scale, 0.028 * view.scale, person.hair_colour)
    if person.hat != "none":
        _hat(canvas, view, person)


def _neck(canvas: Canvas, view: View, person: Person) -> None:
    half = 0.03 * (0.5 + 0.5 * person.body.width) * view.scale
    top, bottom = view.project(0, CHIN + 0.03, 0), view.project(0, 0.83, 0)
    points = [
        (top[0] - half, top[1]), (bottom[0] - half, bottom[1]),
        (bottom[0] + half, bottom[1]), (top[0] + half, top[1]),
    ]  # fmt: skip
    canvas.fill(points, person.body.skin)
    canvas.tone(points, 0.72)


def _face(canvas: Canvas, view: View, person: Person, skull: Surface) -> None:
    size = person.body.head
    brow = CHIN + 0.1 * size * FRINGE[person.hair]
    open_ = 1.25 if person.hair in ("short", "bun", "tail", "bald") else 0.85
    canvas.fill(
        skull.panel(view, (-open_, open_), (CHIN, min(brow, CHIN + 0.13 * size))), person.body.skin
    )
    canvas.fill(skull.panel(view, (-0.8, 0.8), (CHIN, CHIN + 0.03 * size)), person.body.skin)
    if person.hair != "bob" and person.hair != "long":
        _nape_and_ears(canvas, view, person, skull)
    for turn in (-0.42, 0.42):
        eye = skull.panel(
            view, (turn - 0.14, turn + 0.14), (CHIN + 0.068 * size, CHIN + 0.079 * size)
        )
        canvas.fill(eye, (40, 32, 30))
    mouth = skull.panel(view, (-0.28, 0.28), (CHIN + 0.026 * size, CHIN + 0.033 * size))
    canvas.fill(mouth, shade(person.body.skin, 0.65))


def _nape_and_ears(canvas: Canvas, view: View, person: Person, skull: Surface) -> None:
    size, skin = person.body.head, person.body.skin
    canvas.fill(skull.panel(view, (-4.0, 4.0), (CHIN, CHIN + 0.028 * size)), skin)
    for turn in (-math.pi / 2, math.pi / 2):
        ear, facing = skull.spot(view, turn, CHIN + 0.06 * size)
        if facing > -0.3:
            canvas.disc(ear, 0.009 * view.scale, 0.016 * view.scale, shade(skin, 0.9))


def _hat(canvas: Canvas, view: View, person: Person) -> None:
    size, colour = person.body.head, person.hat_colour
    if person.hat == "hood":
        colour = person.outfit.upper_colour
    crown = _skull(person, 1.12)
    low = {"cap": 0.088, "beanie": 0.078, "brim": 0.092, "hood": 0.0}[person.hat]
    bottom = CHIN + low * size
    lift = 0.012 * size
    rings = [(y + lift, a, b) for y, a, b in crown.rings if y > bottom]
    cap = Surface((*rings, (bottom, *crown.at(bottom))))
    canvas.fill(cap.outline(view), colour)
    if person.hat == "beanie":
        canvas.fill(
            cap.panel(view, (-math.pi, math.pi), (bottom, bottom + 0.022 * size)),
            shade(colour, 0.7),
        )
    if person.hat == "hood":
        _face(canvas, view, person, _skull(person, 1.02))
    cap.round(canvas, view)
    if person.hat in ("cap", "brim"):
        _brim(canvas, view, person, bottom)


def _brim(canvas: Canvas, view: View, person: Person, height: float) -> None:
    reach = 0.05 if person.hat == "cap" else 0.0
    size = person.body.head
    half, deep = (0.045, 0.06) if person.hat == "cap" else (0.095, 0.095)
    centre = view.project(0.0, height, reach * size)
    rx = math.sqrt((half * view.cos) ** 2 + (deep * view.sin) ** 2) * size * view.scale
    ry = (0.008 + deep * abs(math.sin(view.elevation))) * size * view.scale
    if person.hat == "cap" and view.cos < -0.3:
        return
    canvas.disc(centre, rx, ry, shade(person.hat_colour, 0.8))
