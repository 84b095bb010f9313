"""A supersampled drawing surface: one layer of colours and one of light, multiplied at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

HEIGHT, WIDTH = 128, 64
OVERSAMPLING = 4
NEUTRAL = 128  # the tone that leaves a colour as it is


def shade(colour: Colour, factor: float) -> Colour:
    """Return the colour made lighter (factor > 1) or darker, clipped to [0, 255]."""
    red, green, blue = (max(0, min(255, int(channel * factor))) for channel in colour)
    return red, green, blue


def mix(first: Colour, second: Colour, weight: float) -> Colour:
    """Return ``first`` moved towards ``second`` by ``weight`` in [0, 1]."""
    red, green, blue = (int(a + (b - a) * weight) for a, b in zip(first, second, strict=True))
    return red, green, blue


class Canvas:
    """Draw polygons on a background; coordinates are oversampled pixels from the top left.

    All coordinates are rounded to whole oversampled pixels, so that Pillow draws with integers
    and gives the same pixels everywhere.
    """

    def __init__(self, background: Image.Image) -> None:
        self._colours = background
        self._tones = Image.new("L", background.size, NEUTRAL)
        self._colour_draw = ImageDraw.Draw(self._colours)
        self._tone_draw = ImageDraw.Draw(self._tones)

    def fill(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon with a colour and leave the light under it as it is."""
        if len(points) > 2:
            self._colour_draw.polygon(_whole(points), fill=colour)

    def tone(self, points: Sequence[Point], factor: float) -> None:
        """Multiply the colours inside a polygon by ``factor`` in [0, 1.99]."""
        if len(points) > 2:
            self._tone_draw.polygon(_whole(points), fill=int(NEUTRAL * factor))

    def disc(self, centre: Point, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse and reset the light on it."""
        box = _box(centre, rx, ry)
        self._colour_draw.ellipse(box, fill=colour)
        self._tone_draw.ellipse(box, fill=NEUTRAL)

    def tone_disc(self, centre: Point, rx: float, ry: float, factor: float) -> None:
        """Multiply the colours inside an ellipse by ``factor``."""
        self._tone_draw.ellipse(_box(centre, rx, ry), fill=int(NEUTRAL * factor))

    def line(self, start: Point, end: Point, width: int, colour: Colour) -> None:
        """Draw a straight line of a whole number of oversampled pixels."""
        self._colour_draw.line(_whole((start, end)), fill=colour, width=width)

    def tone_line(self, start: Point, end: Point, width: int, factor: float) -> None:
        """Multiply the colours under a straight line by ``factor``."""
        self._tone_draw.line(_whole((start, end)), fill=int(NEUTRAL * factor), width=width)

    def develop(self) -> np.ndarray:
        """Return the picture as float32 (HEIGHT, WIDTH, 3) in [0, 255], anti-aliased."""
        colours = np.asarray(self._colours.reduce(OVERSAMPLING), np.float32)
        tones = np.asarray(self._tones.reduce(OVERSAMPLING), np.float32)
        return colours * (tones[:, :, None] * np.float32(1 / NEUTRAL))


def _whole(points: Sequence[Point]) -> list[int]:
    return [int(value + 4096.5) - 4096 for point in points for value in point]


def _box(centre: Point, rx: float, ry: float) -> list[int]:
    x, y = centre
    rx, ry = max(rx, 1.0), max(ry, 1.0)
    return _whole(((x - rx, y - ry), (x + rx, y + ry)))
