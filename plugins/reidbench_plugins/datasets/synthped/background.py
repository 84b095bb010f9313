"""The places behind the people: one panorama for each camera, seen through a moving window."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw

from reidbench_plugins.datasets.synthped.canvas import (
    HEIGHT,
    OVERSAMPLING,
    WIDTH,
    Colour,
    mix,
    shade,
)
from reidbench_plugins.datasets.synthped.dice import SCENERY, Dice
from reidbench_plugins.datasets.synthped.domain import Domain

BREADTH = 6 * WIDTH
CAR_PAINTS: tuple[Colour, ...] = ((150, 52, 48), (196, 196, 192), (66, 84, 118), (70, 72, 74))


@lru_cache(maxsize=64)
def panorama(domain: Domain, seed: int, camid: int) -> Image.Image:
    """Return the place in front of camera ``camid`` as an RGB picture six windows broad."""
    dice = Dice(seed, domain.index, SCENERY, camid)
    ground, wall, *rest = _shuffled(dice, domain.scenery_colours)
    picture = Image.new("RGB", (BREADTH, HEIGHT), wall)
    draw = ImageDraw.Draw(picture)
    horizon = dice.whole(52, 84)
    _ground(draw, dice, horizon, ground)
    PLACES[domain.scenery](draw, dice, horizon, (wall, *rest))
    return picture


def window(domain: Domain, seed: int, camid: int, place: float) -> Image.Image:
    """Return the oversampled part of the panorama at ``place`` in [0, 1)."""
    left = int(place * (BREADTH - WIDTH))
    size = (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING)
    crop = panorama(domain, seed, camid).crop((left, 0, left + WIDTH, HEIGHT))
    return crop.resize(size, Image.Resampling.NEAREST)


def _shuffled(dice: Dice, colours: tuple[Colour, ...]) -> list[Colour]:
    left = list(colours)
    return [left.pop(dice.whole(0, len(left) - 1)) for _ in colours]


def _ground(draw: ImageDraw.ImageDraw, dice: Dice, horizon: int, colour: Colour) -> None:
    for y in range(horizon, HEIGHT):
        draw.line((0, y, BREADTH, y), fill=shade(colour, 0.82 + 0.3 * (y - horizon) / HEIGHT))
    for _ in range(26):
        x, y = dice.whole(0, BREADTH), dice.whole(horizon, HEIGHT)
        wide = dice.whole(6, 40)
        draw.line((x, y, x + wide, y), fill=shade(colour, dice.uniform(0.75, 1.15)))


def _street(
    draw: ImageDraw.ImageDraw, dice: Dice, horizon: int, colours: tuple[Colour, ...]
) -> None:
    x = 0
    while x < BREADTH:
        wide = dice.whole(30, 90)
        front = shade(dice.pick(colours), dice.uniform(0.7, 1.1))
        draw.rectangle((x, 0, x + wide, horizon), fill=front)
        glass = mix(front, (60, 74, 90), 0.6)
        for row in range(4, horizon - 18, 24):
            for column in range(x + 5, x + wide - 10, 17):
                draw.rectangle(
                    (column, row, column + 9, row + 14), fill=shade(glass, dice.uniform(0.8, 1.3))
                )
        x += wide
    for _ in range(7):
        x, low = dice.whole(0, BREADTH), dice.whole(horizon, horizon + 12)
        if dice.chance(0.5):
            _tree(draw, dice, x, low)
        else:
            _car(draw, x, low, shade(dice.pick(CAR_PAINTS), dice.uniform(0.8, 1.1)))


def _tree(draw: ImageDraw.ImageDraw, dice: Dice, x: int, low: int) -> None:
    draw.rectangle((x + 14, low - 24, x + 18, low), fill=(84, 66, 50))
    for _ in range(6):
        left, top = x + dice.whole(-8, 16), low - dice.whole(36, 62)
        green = shade((66, 98, 56), dice.uniform(0.7, 1.25))
        draw.ellipse((left, top, left + 24, top + 22), fill=green)


def _car(draw: ImageDraw.ImageDraw, x: int, low: int, colour: Colour) -> None:
    glass = shade(colour, 0.45)
    draw.polygon(
        (x + 8, low - 13, x + 16, low - 23, x + 40, low - 23, x + 48, low - 13), fill=colour
    )
    draw.polygon(
        (x + 12, low - 13, x + 18, low - 21, x + 38, low - 21, x + 44, low - 13), fill=glass
    )
    draw.rectangle((x, low - 13, x + 58, low - 2), fill=colour)
    for wheel in (x + 7, x + 41):
        draw.ellipse((wheel, low - 8, wheel + 10, low + 2), fill=(34, 34, 36))


def _hall(draw: ImageDraw.ImageDraw, dice: Dice, horizon: int, colours: tuple[Colour, ...]) -> None:
    step = dice.whole(14, 24)
    for x in range(0, BREADTH, step):
        draw.line((x, horizon, x + (x - BREADTH // 2) // 3, HEIGHT), fill=shade(colours[0], 0.7))
    for y in range(horizon, HEIGHT, 11):
        draw.line((0, y, BREADTH, y), fill=shade(colours[0], 0.75))
    for x in range(dice.whole(0, 30), BREADTH, dice.whole(50, 90)):
        draw.rectangle((x, 0, x + 14, horizon + 8), fill=shade(dice.pick(colours), 1.25))
        draw.rectangle((x + 10, 0, x + 14, horizon + 8), fill=shade(colours[-1], 0.7))
    for _ in range(5):
        x = dice.whole(0, BREADTH)
        draw.rectangle((x, 12, x + 30, 34), fill=shade(dice.pick(colours), 1.7))
    for x in range(0, BREADTH, 37):
        draw.rectangle((x, 2, x + 20, 5), fill=(196, 198, 190))


def _shore(
    draw: ImageDraw.ImageDraw, dice: Dice, horizon: int, colours: tuple[Colour, ...]
) -> None:
    for y in range(horizon):
        draw.line((0, y, BREADTH, y), fill=mix((150, 192, 226), (226, 232, 232), y / horizon))
    sea = shade((66, 132, 160), dice.uniform(0.8, 1.2))
    draw.rectangle((0, horizon - dice.whole(8, 26), BREADTH, horizon), fill=sea)
    for _ in range(8):
        x, low = dice.whole(0, BREADTH), dice.whole(horizon, horizon + 26)
        colour = shade(dice.pick(colours), dice.uniform(0.7, 1.2))
        if dice.chance(0.5):
            draw.polygon((x, low - 44, x - 26, low - 26, x + 26, low - 26), fill=colour)
            draw.line((x, low - 30, x, low), fill=(120, 110, 96), width=2)
        else:
            draw.rectangle((x, low - 40, x + 32, low), fill=colour)
            draw.rectangle((x + 4, low - 34, x + 12, low - 18), fill=shade(colour, 0.6))


PLACES: dict[str, Callable[[ImageDraw.ImageDraw, Dice, int, tuple[Colour, ...]], None]] = {
    "street": _street,
    "hall": _hall,
    "shore": _shore,
}
