"""Rounded body parts: surfaces of elliptic cross-section, and limbs of varying width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reidbench_plugins.datasets.synthped.canvas import Canvas, Colour, Point
from reidbench_plugins.datasets.synthped.pose import View

Ring = tuple[float, float, float]  # height, half width, half depth
HALF_TURN = math.pi
QUARTER_TURN = math.pi / 2


@dataclass(frozen=True)
class Surface:
    """A stack of ellipses along the vertical axis, highest first, in body coordinates."""

    rings: tuple[Ring, ...]

    def at(self, height: float) -> tuple[float, float]:
        """Return half width and half depth at a height, linear between the rings."""
        above = self.rings[0]
        for ring in self.rings:
            if ring[0] <= height:
                part = (height - ring[0]) / max(above[0] - ring[0], 1e-9)
                return (
                    ring[1] + (above[1] - ring[1]) * part,
                    ring[2] + (above[2] - ring[2]) * part,
                )
            above = ring
        return above[1], above[2]

    def outline(self, view: View, width: float = 1.0, shift: float = 0.0) -> list[Point]:
        """Return the silhouette; ``width`` narrows it, ``shift`` moves it by half widths."""
        left: list[Point] = []
        right: list[Point] = []
        for height, a, b in self.rings:
            x, y = view.project(0.0, height, 0.0)
            half = view.scale * math.sqrt((a * view.cos) ** 2 + (b * view.sin) ** 2)
            left.append((x + half * (shift - width), y))
            right.append((x + half * (shift + width), y))
        return left + right[::-1]

    def draw(self, canvas: Canvas, view: View, colour: Colour) -> None:
        """Fill the silhouette with a colour and round it with light."""
        canvas.fill(self.outline(view), colour)
        self.round(canvas, view)

    def round(self, canvas: Canvas, view: View) -> None:
        """Light the silhouette: dark at the edges, bright towards the light."""
        for width, shift, factor in shells(view):
            canvas.tone(self.outline(view, width, shift), factor)

    def panel(self, view: View, turn: Sequence[float], span: Sequence[float]) -> list[Point]:
        """Return the visible part of a patch.

        ``turn`` holds two angles in radians about the axis (0 front, positive to the person's
        left), ``span`` two heights. The result is empty when the patch faces away.
        """
        low, high = min(span), max(span)
        a, b = self.at((low + high) / 2)
        middle = math.atan2(-a * view.sin, b * view.cos)
        start, end = _visible(turn, middle)
        if end <= start:
            return []
        inside = [ring[0] for ring in self.rings if low < ring[0] < high]
        heights = [high, *inside, low]
        left = [self._point(view, start, height) for height in heights]
        right = [self._point(view, end, height) for height in heights]
        centre = (start + end) / 2
        below, above = self._point(view, centre, low), self._point(view, centre, high)
        return [*left, below, *right[::-1], above]

    def spot(self, view: View, turn: float, height: float) -> tuple[Point, float]:
        """Return a point on the surface and how squarely it faces the camera (<= 0: hidden)."""
        a, b = self.at(height)
        x, z = a * math.sin(turn), b * math.cos(turn)
        return view.project(x, height, z), view.depth(x, z) / max(a, b)

    def _point(self, view: View, turn: float, height: float) -> Point:
        a, b = self.at(height)
        return view.project(a * math.sin(turn), height, b * math.cos(turn))


def _visible(turn: Sequence[float], middle: float) -> tuple[float, float]:
    """Clip a patch to the half turn about ``middle`` that the camera sees."""
    start, end = turn
    centre = (start + end) / 2
    while centre - middle > HALF_TURN:
        start, end, centre = start - 2 * HALF_TURN, end - 2 * HALF_TURN, centre - 2 * HALF_TURN
    while centre - middle < -HALF_TURN:
        start, end, centre = start + 2 * HALF_TURN, end + 2 * HALF_TURN, centre + 2 * HALF_TURN
    return max(start, middle - QUARTER_TURN), min(end, middle + QUARTER_TURN)


def shells(view: View) -> tuple[tuple[float, float, float], ...]:
    """Return (width, shift, factor) of the nested outlines that make a part look round."""
    light, relief = view.light, view.relief
    return (
        (1.0, 0.0, 1.0 - 0.42 * relief),
        (0.8, 0.14 * light, 1.0 - 0.14 * relief),
        (0.55, 0.22 * light, 1.0 + 0.06 * relief),
        (0.2, 0.36 * light, 1.0 + 0.18 * relief),
    )


def limb(
    canvas: Canvas, view: View, joints: Sequence[Point], widths: Sequence[float], colour: Colour
) -> None:
    """Draw a rounded limb through joints; ``widths`` are half widths in body units."""
    half = [width * view.scale for width in widths]
    canvas.fill(_ribbon(joints, half, 1.0, 0.0), colour)
    for width, shift, factor in shells(view):
        canvas.tone(_ribbon(joints, half, width, shift), factor)


def _ribbon(
    joints: Sequence[Point], half: Sequence[float], width: float, shift: float
) -> list[Point]:
    left: list[Point] = []
    right: list[Point] = []
    last = len(joints) - 1
    for index, (x, y) in enumerate(joints):
        ax, ay = joints[max(index - 1, 0)]
        bx, by = joints[min(index + 1, last)]
        dx, dy = bx - ax, by - ay
        length = math.sqrt(dx * dx + dy * dy) or 1.0
        # Limbs hang down, so the normal of a downward direction points to the right: (dy, -dx).
        nx, ny = dy / length * half[index], -dx / length * half[index]
        left.append((x + nx * (shift - width), y + ny * (shift - width)))
        right.append((x + nx * (shift + width), y + ny * (shift + width)))
    return left + right[::-1]


def between(start: Point, end: Point, part: float) -> Point:
    """Return the point a given part of the way from ``start`` to ``end``."""
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
