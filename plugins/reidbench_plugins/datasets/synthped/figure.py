"""Draw a person in a pose, part by part from the far side to the near side."""

from __future__ import annotations

import itertools
import math

from reidbench_plugins.datasets.synthped.bags import (
    draw_backpack,
    draw_handbag,
    draw_satchel,
    draw_satchel_bag,
    draw_straps,
)
from reidbench_plugins.datasets.synthped.canvas import Canvas, shade
from reidbench_plugins.datasets.synthped.clothes import PADDING, draw_trunk
from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthped.head import draw_head, draw_mane
from reidbench_plugins.datasets.synthped.identity import Person
from reidbench_plugins.datasets.synthped.pose import Gait, View
from reidbench_plugins.datasets.synthped.surface import Surface, between, limb

HIP, SHOULDER = 0.5, 0.805
THIGH, SHIN = 0.245, 0.225


def draw_figure(canvas: Canvas, view: View, gait: Gait, person: Person, dice: Dice) -> None:
    """Draw the whole person; ``dice`` only moves the folds of the clothes."""
    facing = view.cos > 0
    far = 1 if view.sin > 0 else -1  # the side of the body away from the camera
    carries_pack = person.outfit.bag == "backpack"
    _shadow(canvas, view)
    if carries_pack and facing:
        draw_backpack(canvas, view, person)
    if facing:
        draw_mane(canvas, view, person)
    _bag(canvas, view, person, far)
    _arm(canvas, view, gait, person, far)
    for side in (far, -far):
        _leg(canvas, view, gait, person, side)
    if person.outfit.lower == "skirt":
        _skirt(canvas, view, person)
    draw_trunk(canvas, view, person, dice)
    if carries_pack and facing:
        draw_straps(canvas, view, person)
    if person.outfit.bag == "satchel":
        draw_satchel(canvas, view, person)
    draw_head(canvas, view, person)
    if not facing:
        draw_mane(canvas, view, person)
        if carries_pack:
            draw_backpack(canvas, view, person)
    _arm(canvas, view, gait, person, -far)
    _bag(canvas, view, person, -far)


def _shadow(canvas: Canvas, view: View) -> None:
    x, y = view.foot
    canvas.tone_disc(
        (x - view.light * 0.06 * view.scale, y), 0.2 * view.scale, 0.03 * view.scale, 0.66
    )


def _bag(canvas: Canvas, view: View, person: Person, side: int) -> None:
    if person.outfit.bag == "satchel" and side == person.outfit.bag_side:
        draw_satchel_bag(canvas, view, person)


def _arm(canvas: Canvas, view: View, gait: Gait, person: Person, side: int) -> None:
    body, outfit = person.body, person.outfit
    pad = PADDING[outfit.upper]
    shoulder = (side * 0.098 * body.width * body.shoulders * pad, SHOULDER)
    arm = gait.arm(side, shoulder, 0.17, 0.155, 0.24)
    top, elbow, hand = arm.seen(view)
    thin = 0.5 + 0.5 * body.width
    upper, fore = 0.030 * thin, 0.021 * thin
    sleeve = outfit.accent if outfit.pattern == "sleeves" else outfit.upper_colour
    canvas.disc(hand, 0.021 * view.scale, 0.024 * view.scale, body.skin)
    if outfit.upper in ("tee", "dress", "vest"):
        limb(canvas, view, (top, elbow, hand), (upper, fore, 0.015), body.skin)
        if outfit.upper != "vest":
            end = between(top, elbow, 0.7)
            limb(canvas, view, (top, end), (upper * 1.15, upper * 1.1), sleeve)
    else:
        wide = upper * pad * 1.08
        limb(canvas, view, (top, elbow, hand), (wide, fore * 1.35 * pad, fore * 1.15 * pad), sleeve)
    if outfit.bag == "handbag" and side == outfit.bag_side:
        draw_handbag(canvas, view, person, hand)


def _leg(canvas: Canvas, view: View, gait: Gait, person: Person, side: int) -> None:
    body, outfit = person.body, person.outfit
    hip = (side * 0.05 * body.width * body.hips, HIP)
    stride = gait.leg(side, hip, THIGH * body.legs, SHIN * body.legs)
    top, knee, ankle = stride.seen(view)
    _shoe(canvas, view, person, stride.joints[2])
    thin = 0.45 + 0.55 * body.width
    bare = (0.052 * thin, 0.035 * thin, 0.021 * thin)
    loose = outfit.flare * 0.35 + 1.0
    if outfit.lower == "trousers":
        widths = (0.058 * thin, 0.042 * thin * loose, 0.028 * thin * (loose + 0.25 * outfit.flare))
        limb(canvas, view, (top, knee, ankle), widths, outfit.lower_colour)
        if outfit.side_stripe and side * view.sin < 0.5:
            _stripe(canvas, view, person, stride.joints, side)
        return
    legs = outfit.lower == "leggings" and outfit.socks
    limb(canvas, view, (top, knee, ankle), bare, outfit.lower_colour if legs else body.skin)
    if outfit.socks and not legs:
        start = between(knee, ankle, 0.55)
        limb(canvas, view, (start, ankle), (0.027 * thin, 0.024 * thin), shade(outfit.accent, 0.95))
    if outfit.lower == "shorts":
        reach = 0.65 + 0.5 * outfit.lower_length
        end = between(top, knee, min(reach, 1.0)) if reach < 1 else between(knee, ankle, reach - 1)
        limb(canvas, view, (top, end), (0.06 * thin, 0.05 * thin * loose), outfit.lower_colour)


def _stripe(
    canvas: Canvas,
    view: View,
    person: Person,
    joints: tuple[tuple[float, float, float], ...],
    side: int,
) -> None:
    out = side * 0.03 * person.body.width
    points = [view.project(x + out, y, z) for x, y, z in joints]
    for start, end in itertools.pairwise(points):
        canvas.line(start, end, 7, person.outfit.accent)


def _shoe(canvas: Canvas, view: View, person: Person, ankle: tuple[float, float, float]) -> None:
    x, y, z = ankle
    scale, colour = view.scale, person.outfit.shoes
    heel, toe = view.project(x, y - 0.012, z - 0.01), view.project(x, y - 0.018, z + 0.065)
    canvas.disc(heel, 0.024 * scale, 0.022 * scale, colour)
    canvas.disc(toe, 0.022 * scale, 0.017 * scale, colour)
    middle = between(heel, toe, 0.5)
    canvas.disc(middle, (0.024 + 0.02 * abs(view.sin)) * scale, 0.02 * scale, colour)
    canvas.tone_disc((middle[0], middle[1] + 0.014 * scale), 0.04 * scale, 0.006 * scale, 0.6)
    if person.outfit.boots:
        top = view.project(x, y + 0.09, z - 0.01)
        limb(canvas, view, (top, heel), (0.03, 0.026), colour)


def _skirt(canvas: Canvas, view: View, person: Person) -> None:
    body, outfit = person.body, person.outfit
    w, d = body.width * body.hips, body.width * body.depth
    wide = 1.0 + 0.6 * outfit.flare
    hem = 0.36 - 0.2 * outfit.lower_length
    surface = Surface(
        (
            (0.56, 0.088 * w, 0.068 * d),
            (0.47, 0.106 * w, 0.084 * d),
            (hem, 0.108 * w * wide, 0.092 * d * wide),
        )
    )
    surface.draw(canvas, view, outfit.lower_colour)
    if outfit.side_stripe:
        band = surface.panel(view, (-4.0, 4.0), (hem + 0.015, hem + 0.045))
        canvas.fill(band, outfit.accent)
    for turn in (-1.2, -0.4, 0.4, 1.2):
        start, facing = surface.spot(view, turn + math.pi * (view.cos < 0), 0.44)
        end, _ = surface.spot(view, turn + math.pi * (view.cos < 0), hem)
        if facing > 0:
            canvas.tone_line(start, end, 4, 0.82)
