"""What stands in the way and what the camera's lens and chip do: cover, blur, cast, noise."""

from __future__ import annotations

import numpy as np
from PIL import Image

from reidbench_plugins.datasets.synthped.camera import Camera, Shot
from reidbench_plugins.datasets.synthped.canvas import HEIGHT, OVERSAMPLING, WIDTH, Canvas, Colour
from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthped.domain import Domain

RIGHT, BOTTOM = WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING


def cover(canvas: Canvas, domain: Domain, shot: Shot, dice: Dice) -> None:
    """Draw what stands between the camera and the person, if anything does."""
    if shot.cover == "none":
        return
    colour = dice.pick(domain.scenery_colours)
    if shot.cover == "pole":
        centre = RIGHT * (0.5 + shot.cover_side * dice.uniform(0.08, 0.3))
        half = RIGHT * shot.cover_part * 0.25
        _slab(canvas, (centre - half, 0), (centre + half, BOTTOM), colour)
    elif shot.cover == "bench":
        top = BOTTOM * (1 - shot.cover_part)
        _slab(canvas, (0, top), (RIGHT, BOTTOM), colour)
        canvas.tone([(0, top), (RIGHT, top), (RIGHT, top + 12), (0, top + 12)], 1.3)
    elif shot.cover == "edge":
        reach = RIGHT * shot.cover_part
        left = 0 if shot.cover_side < 0 else RIGHT - reach
        _slab(canvas, (left, 0), (left + reach, BOTTOM), colour)
    else:
        _passer(canvas, shot, dice.pick(domain.uppers), dice.pick(domain.lowers))


def _slab(
    canvas: Canvas, corner: tuple[float, float], far: tuple[float, float], colour: Colour
) -> None:
    (x, y), (right, bottom) = corner, far
    box = [(x, y), (right, y), (right, bottom), (x, bottom)]
    canvas.fill(box, colour)
    canvas.tone(box, 0.8)
    middle = (x * 2 + right) / 3
    canvas.tone([(x, y), (middle, y), (middle, bottom), (x, bottom)], 1.0)


def _passer(canvas: Canvas, shot: Shot, upper: Colour, lower: Colour) -> None:
    """Draw the shoulder and leg of somebody else at the side of the picture."""
    x = 0.0 if shot.cover_side < 0 else float(RIGHT)
    reach = RIGHT * shot.cover_part
    inward = -shot.cover_side
    points = [
        (x, BOTTOM * 0.16), (x + inward * reach * 0.8, BOTTOM * 0.2),
        (x + inward * reach, BOTTOM * 0.3), (x + inward * reach * 0.8, BOTTOM * 0.56),
        (x, BOTTOM * 0.58),
    ]  # fmt: skip
    legs = [
        (x, BOTTOM * 0.56), (x + inward * reach * 0.75, BOTTOM * 0.55),
        (x + inward * reach * 0.5, BOTTOM * 1.0), (x, BOTTOM * 1.0),
    ]  # fmt: skip
    canvas.fill(legs, lower)
    canvas.tone(legs, 0.85)
    canvas.fill(points, upper)
    canvas.tone(points, 0.85)


def expose(picture: np.ndarray, camera: Camera, shot: Shot, dice: Dice) -> np.ndarray:
    """Turn a float32 (H, W, 3) picture into the uint8 picture a camera delivers."""
    luma = (
        picture[:, :, 0] * np.float32(0.299)
        + picture[:, :, 1] * np.float32(0.587)
        + picture[:, :, 2] * np.float32(0.114)
    )[:, :, None]
    picture = luma + (picture - luma) * np.float32(camera.saturation)
    gains = np.array(camera.cast, np.float32) * np.float32(shot.gain * camera.contrast)
    lift = np.float32(camera.haze + 110.0 * (1.0 - camera.contrast))
    picture = soften(picture * gains + lift, shot.detail)
    picture = picture + dice.grain(picture.shape) * np.float32(camera.noise)
    delivered: np.ndarray = np.clip(picture + np.float32(0.5), 0, 255).astype(np.uint8)
    return delivered


def soften(picture: np.ndarray, detail: float) -> np.ndarray:
    """Keep the detail that a camera with this part of the pixels a side sees; all above 0.95."""
    if detail > 0.95:
        return picture
    whole = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    small = whole.resize((int(WIDTH * detail), int(HEIGHT * detail)), Image.Resampling.BOX)
    return np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR), np.float32)
