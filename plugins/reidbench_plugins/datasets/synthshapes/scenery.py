"""What is behind an object and in front of it: places, clutter, other shapes and covers."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from reidbench_plugins.datasets.synthped.canvas import Colour, mix, shade
from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthshapes.frame import HEIGHT, WIDTH, turned
from reidbench_plugins.datasets.synthshapes.outlines import OUTLINES
from reidbench_plugins.datasets.synthshapes.palettes import ALL_COLOURS
from reidbench_plugins.datasets.synthshapes.textures import TEXTURES, Weave

GREY: Colour = (128, 128, 124)
SHAPES, PATTERNS = tuple(OUTLINES), tuple(TEXTURES)
COVER_RATE = 0.3


def scenery(dice: Dice) -> np.ndarray:
    """Draw a place and its clutter: float32 (HEIGHT, WIDTH, 3) in [0, 255]."""
    draw_place = dice.pick((_clouds, _ground, _wallpaper))
    picture = draw_place(dice)
    _clutter(ImageDraw.Draw(picture), dice)
    return np.asarray(picture, np.float32)


def cover(picture: np.ndarray, dice: Dice) -> np.ndarray:
    """Put something in front of a part of the object in some pictures, in place."""
    if not dice.chance(COVER_RATE):
        return picture
    colour = np.array(_muted(dice), np.float32)
    side = dice.pick(("left", "right", "bottom", "pole", "pole"))
    reach = dice.uniform(0.12, 0.3)
    if side == "left":
        picture[:, : int(WIDTH * reach)] = colour
    elif side == "right":
        picture[:, WIDTH - int(WIDTH * reach) :] = colour
    elif side == "bottom":
        picture[HEIGHT - int(HEIGHT * reach) :] = colour
    else:
        left = dice.whole(8, WIDTH - 16)
        picture[:, left : left + dice.whole(3, 8)] = colour
    return picture


def _muted(dice: Dice) -> Colour:
    """Return any palette's colour, greyer: backgrounds are duller than what stands on them."""
    return mix(shade(dice.pick(ALL_COLOURS), dice.uniform(0.7, 1.1)), GREY, dice.uniform(0.2, 0.7))


def _clouds(dice: Dice) -> Image.Image:
    """Draw soft patches of a few colours."""
    colours = [_muted(dice) for _ in range(3)]
    grid = np.array([[dice.pick(colours) for _ in range(3)] for _ in range(6)], np.uint8)
    return Image.fromarray(grid).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def _ground(dice: Dice) -> Image.Image:
    """Draw a wall, or a sky, above a floor that grows lighter towards the camera."""
    wall, floor = _muted(dice), _muted(dice)
    horizon = dice.whole(50, 100)
    rows = [shade(wall, 1.1 - 0.2 * y / horizon) for y in range(horizon)]
    rows += [shade(floor, 0.75 + 0.4 * (y - horizon) / 60) for y in range(horizon, HEIGHT)]
    column = np.array(rows, np.uint8)[:, None, :]
    return Image.fromarray(column).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)


def _wallpaper(dice: Dice) -> Image.Image:
    """Draw a surface with a texture that objects have too, in two similar dull colours."""
    one, two = _muted(dice), _muted(dice)
    scale = dice.uniform(14.0, 30.0)
    half_turn = dice.uniform(-1, 1)
    u, v = turned(centre=(0, 0), scale=scale, half_turn=half_turn).coordinates()
    weave = Weave(dice.uniform(1.2, 2.4), (dice.uniform(), dice.uniform(), dice.uniform()), scale)
    marks = TEXTURES[dice.pick(PATTERNS)](u, v, weave) * np.float32(dice.uniform(0.3, 0.8))
    first, second = np.array(one, np.float32), np.array(two, np.float32)
    return Image.fromarray((first + (second - first) * marks[:, :, None]).astype(np.uint8))


def _clutter(draw: ImageDraw.ImageDraw, dice: Dice) -> None:
    """Draw boxes, discs, lines and small shapes of the objects' own outlines."""
    for _ in range(dice.whole(2, 6)):
        x, y = dice.whole(-8, WIDTH), dice.whole(-8, HEIGHT)
        wide, tall = dice.whole(5, 26), dice.whole(5, 34)
        what, colour = dice.pick(("box", "disc", "line", "shape")), _muted(dice)
        if what == "box":
            draw.rectangle((x, y, x + wide, y + tall), fill=colour)
        elif what == "disc":
            draw.ellipse((x, y, x + wide, y + wide), fill=colour)
        elif what == "line":
            draw.line((x, y, x + 2 * wide - 26, y + 2 * tall), fill=colour, width=dice.whole(1, 3))
        else:
            _shape(draw, dice, (x, y), wide * 0.3)


def _shape(draw: ImageDraw.ImageDraw, dice: Dice, centre: tuple[int, int], scale: float) -> None:
    points = [
        (int(centre[0] + scale * u + 64.5) - 64, int(centre[1] + scale * v + 64.5) - 64)
        for u, v in OUTLINES[dice.pick(SHAPES)]
    ]
    draw.polygon(points, fill=shade(dice.pick(ALL_COLOURS), dice.uniform(0.7, 1.1)))
