"""Draw one picture of one class, independently of all other pictures."""

from __future__ import annotations

import numpy as np

from reidbench_plugins.datasets.synthped.canvas import Colour
from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthshapes.exposure import expose
from reidbench_plugins.datasets.synthshapes.frame import HEIGHT, WIDTH, Frame, place
from reidbench_plugins.datasets.synthshapes.kinds import Kind
from reidbench_plugins.datasets.synthshapes.outlines import OUTLINES
from reidbench_plugins.datasets.synthshapes.palettes import PALETTES, dye
from reidbench_plugins.datasets.synthshapes.parts import BEHIND, HANDLE, HANDLE_HOLE, ON_BODY
from reidbench_plugins.datasets.synthshapes.scenery import cover, scenery
from reidbench_plugins.datasets.synthshapes.textures import TEXTURES, Weave, soft

ONE = np.float32(1)


def draw_picture(kind: Kind, seed: int, index: int) -> np.ndarray:
    """Draw picture ``index`` of a class: uint8 (128, 64, 3), RGB."""
    dice = Dice(seed, kind.number, index)
    picture = scenery(dice)
    _object(picture, kind, dice)
    return expose(cover(picture, dice), dice)


def _object(picture: np.ndarray, kind: Kind, dice: Dice) -> None:
    """Draw the object and its shadow on a picture, in place."""
    frame = place(dice)
    body, mark, trim = dye(dice, PALETTES[kind.palette])
    u, v = frame.coordinates()
    inside = frame.mask([OUTLINES[kind.outline]])
    behind = _behind(frame, kind.part)
    light = _light(u, v, dice)
    _shadow(picture, inside if behind is None else np.maximum(inside, behind), dice)
    if behind is not None:
        _lay(picture, _paint(trim) * light, behind)
    marks = TEXTURES[kind.texture](u, v, _weave(frame, dice))
    surface = _paint(body) + (_paint(mark) - _paint(body)) * marks[:, :, None]
    if kind.part in ON_BODY:
        _lay(surface, _paint(trim), soft(ON_BODY[kind.part](u, v), frame.scale))
    _lay(picture, surface * light, inside)


def _behind(frame: Frame, part: str) -> np.ndarray | None:
    if part == "handle":
        return frame.mask([HANDLE], holes=[HANDLE_HOLE])
    return frame.mask(BEHIND[part]) if part in BEHIND else None


def _weave(frame: Frame, dice: Dice) -> Weave:
    phases = (dice.uniform(), dice.uniform(), dice.uniform())
    return Weave(dice.uniform(1.7, 2.3), phases, frame.scale)


def _light(u: np.ndarray, v: np.ndarray, dice: Dice) -> np.ndarray:
    """Return the light on a rounded object, from a side that is drawn: (HEIGHT, WIDTH, 1)."""
    across, down = np.float32(dice.uniform(-0.3, 0.3)), np.float32(dice.uniform(-0.2, 0.05))
    relief = np.float32(dice.uniform(0.05, 0.3))
    light: np.ndarray = ONE + across * u + down * v - relief * (u * u)
    return light.clip(0.45, 1.35)[:, :, None]


def _shadow(picture: np.ndarray, mask: np.ndarray, dice: Dice) -> None:
    """Darken what lies behind an object, a few pixels beside it."""
    right, down = dice.whole(-5, 5), dice.whole(1, 5)
    strength = np.float32(dice.uniform(0.15, 0.5))
    left, start = max(-right, 0), max(right, 0)
    below = mask[: HEIGHT - down, left : WIDTH - start, None]
    picture[down:, start : WIDTH - left] *= ONE - strength * below


def _lay(picture: np.ndarray, layer: np.ndarray, mask: np.ndarray) -> None:
    picture += (layer - picture) * mask[:, :, None]


def _paint(colour: Colour) -> np.ndarray:
    return np.array(colour, np.float32)
