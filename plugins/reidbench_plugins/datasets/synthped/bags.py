"""What people carry: backpacks with straps, satchels across the chest, handbags."""

from __future__ import annotations

import itertools
import math

from reidbench_plugins.datasets.synthped.canvas import Canvas, Point, shade
from reidbench_plugins.datasets.synthped.clothes import trunk
from reidbench_plugins.datasets.synthped.identity import Person
from reidbench_plugins.datasets.synthped.pose import View


def draw_backpack(canvas: Canvas, view: View, person: Person) -> None:
    """Draw a backpack on the back."""
    outfit, body = person.outfit, person.body
    size = outfit.bag_size
    half, deep = 0.085 * size, 0.045 * size
    centre_z = -(0.075 * body.width * body.depth + deep)
    top, bottom = 0.82, 0.82 - 0.25 * size
    rx = math.sqrt((half * view.cos) ** 2 + (deep * view.sin) ** 2) * view.scale
    (x, y_top), (_, y_bottom) = view.project(0, top, centre_z), view.project(0, bottom, centre_z)
    _sack(canvas, view, (x, y_top), y_bottom - y_top, rx, person)
    if view.cos < -0.2:
        pocket = rx * 0.7
        low = y_bottom - (y_bottom - y_top) * 0.12
        high = y_bottom - (y_bottom - y_top) * 0.45
        colour = shade(outfit.bag_colour, 0.75)
        canvas.fill(
            [(x - pocket, high), (x + pocket, high), (x + pocket, low), (x - pocket, low)], colour
        )


def _sack(canvas: Canvas, view: View, top: Point, length: float, rx: float, person: Person) -> None:
    x, y = top
    for width, shift, factor in ((1.0, 0.0, 0.72), (0.78, 0.12, 0.95), (0.4, 0.3, 1.12)):
        middle, half = x + rx * shift * view.light, rx * width
        round_ = half * 0.4
        points = [
            (middle - half + round_, y), (middle + half - round_, y), (middle + half, y + round_),
            (middle + half, y + length - round_), (middle + half - round_, y + length),
            (middle - half + round_, y + length), (middle - half, y + length - round_),
            (middle - half, y + round_),
        ]  # fmt: skip
        if width == 1.0:
            canvas.fill(points, person.outfit.bag_colour)
        canvas.tone(points, factor)


def draw_straps(canvas: Canvas, view: View, person: Person) -> None:
    """Draw the two shoulder straps of a backpack as far as the front is seen."""
    surface = trunk(person.body, person.outfit)
    colour = shade(person.outfit.bag_colour, 0.85)
    for turn in (-0.75, 0.75):
        canvas.fill(surface.panel(view, (turn - 0.13, turn + 0.13), (0.63, 0.83)), colour)


def draw_satchel(canvas: Canvas, view: View, person: Person) -> None:
    """Draw a strap across the trunk and the bag at the hip."""
    outfit = person.outfit
    surface = trunk(person.body, outfit)
    side = outfit.bag_side
    colour = shade(outfit.bag_colour, 0.8)
    for front in (True, False):
        line: list[Point] = []
        for step in range(7):
            part = step / 6
            turn = side * (-0.8 + 2.2 * part)
            point, facing = surface.spot(view, turn if front else math.pi - turn, 0.82 - 0.3 * part)
            if facing > -0.05:
                line.append(point)
        for start, end in itertools.pairwise(line):
            canvas.line(start, end, 8, colour)


def draw_satchel_bag(canvas: Canvas, view: View, person: Person) -> None:
    """Draw the bag that hangs from a satchel's strap."""
    outfit = person.outfit
    x, y = view.project(outfit.bag_side * 0.125 * person.body.width, 0.54, 0.0)
    rx = (0.03 + 0.04 * abs(view.sin)) * outfit.bag_size * view.scale
    _sack(canvas, view, (x, y), 0.12 * outfit.bag_size * view.scale, rx, person)


def draw_handbag(canvas: Canvas, view: View, person: Person, hand: Point) -> None:
    """Draw a bag that hangs from a hand."""
    outfit = person.outfit
    x, y = hand
    length = 0.11 * outfit.bag_size * view.scale
    rx = (0.025 + 0.05 * abs(view.sin)) * outfit.bag_size * view.scale
    drop = 0.035 * view.scale
    for side in (-0.6, 0.6):
        canvas.line((x, y), (x + side * rx, y + drop), 5, shade(outfit.bag_colour, 0.6))
    _sack(canvas, view, (x, y + drop), length, rx, person)
