"""Where an object stands in the picture, how large and how it is turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthshapes.outlines import Polygon

HEIGHT, WIDTH = 128, 64
OVERSAMPLING = 4
_X = np.arange(WIDTH, dtype=np.float32)[None, :]
_Y = np.arange(HEIGHT, dtype=np.float32)[:, None]


@dataclass(frozen=True)
class Frame:
    """An affine map from object to picture: x = x0 + xu u + xv v, y = y0 + yu u + yv v, pixels."""

    x0: float
    y0: float
    xu: float
    xv: float
    yu: float
    yv: float
    scale: float

    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the object coordinates u and v of every pixel, each float32 (HEIGHT, WIDTH)."""
        area = self.xu * self.yv - self.xv * self.yu
        x, y = _X - np.float32(self.x0 - 0.5), _Y - np.float32(self.y0 - 0.5)
        u = x * np.float32(self.yv / area) - y * np.float32(self.xv / area)
        v = y * np.float32(self.xu / area) - x * np.float32(self.yu / area)
        return u, v

    def mask(self, polygons: Sequence[Polygon], holes: Sequence[Polygon] = ()) -> np.ndarray:
        """Return the part of every pixel that polygons cover, holes taken out, float32 in [0, 1].

        Points are rounded to whole oversampled pixels, so that Pillow draws with integers and
        gives the same pixels everywhere.
        """
        picture = Image.new("L", (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING))
        draw = ImageDraw.Draw(picture)
        for polygon in polygons:
            draw.polygon(self._seen(polygon), fill=255)
        for hole in holes:
            draw.polygon(self._seen(hole), fill=0)
        return np.asarray(picture.reduce(OVERSAMPLING), np.float32) * np.float32(1 / 255)

    def _seen(self, polygon: Polygon) -> list[int]:
        points = []
        for u, v in polygon:
            x = self.x0 + self.xu * u + self.xv * v
            y = self.y0 + self.yu * u + self.yv * v
            points += [int(x * OVERSAMPLING + 4096.5) - 4096, int(y * OVERSAMPLING + 4096.5) - 4096]
        return points


def place(dice: Dice) -> Frame:
    """Draw where the object of a picture stands: near the middle, upright within 30 degrees."""
    return turned(
        centre=(WIDTH * 0.5 + dice.bell(3.5), HEIGHT * 0.5 + dice.bell(7.0)),
        scale=dice.uniform(17.0, 26.0),
        half_turn=dice.uniform(-0.27, 0.27),
        width=dice.uniform(0.85, 1.12) * (1 if dice.chance(0.5) else -1),
        skew=dice.uniform(-0.15, 0.15),
    )


def turned(
    *,
    centre: tuple[float, float],
    scale: float,
    half_turn: float,
    width: float = 1.0,
    skew: float = 0.0,
) -> Frame:
    """Return a frame; ``half_turn`` is the tangent of half its angle, a negative width mirrors."""
    # The rational form of a rotation: the same bits whatever the C library.
    square = half_turn * half_turn
    cos, sin = (1 - square) / (1 + square), 2 * half_turn / (1 + square)
    return Frame(
        x0=centre[0],
        y0=centre[1],
        xu=scale * width * cos,
        xv=scale * (skew * cos - sin),
        yu=scale * width * sin,
        yv=scale * (skew * sin + cos),
        scale=scale,
    )
