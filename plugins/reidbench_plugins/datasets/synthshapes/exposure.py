"""What the light and the camera of the moment do to a picture."""

from __future__ import annotations

import numpy as np

from reidbench_plugins.datasets.synthped.dice import Dice
from reidbench_plugins.datasets.synthped.sensor import soften

RED, GREEN, BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)


def expose(picture: np.ndarray, dice: Dice) -> np.ndarray:
    """Turn a float32 (HEIGHT, WIDTH, 3) picture into the uint8 picture that a camera delivers."""
    saturation = np.float32(dice.uniform(0.75, 1.15))
    contrast, haze = dice.uniform(0.75, 1.1), dice.uniform(0, 20)
    gain = dice.uniform(0.75, 1.2) * contrast
    cast = [gain * (1 + dice.uniform(-0.09, 0.09)) for _ in range(3)]
    detail, noise = dice.uniform(0.5, 1.25), np.float32(dice.uniform(2.0, 9.0))
    grey = (picture[:, :, 0] * RED + picture[:, :, 1] * GREEN + picture[:, :, 2] * BLUE)[:, :, None]
    picture = grey + (picture - grey) * saturation
    picture = picture * np.array(cast, np.float32) + np.float32(haze + 110 * (1 - contrast))
    picture = soften(picture, detail) + dice.grain(picture.shape) * noise
    delivered: np.ndarray = np.clip(picture + np.float32(0.5), 0, 255).astype(np.uint8)
    return delivered
