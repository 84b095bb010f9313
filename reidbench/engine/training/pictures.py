"""Pictures of any size and mode as the pixels that networks train on and are measured with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def rgb_pixels(picture: Image.Image, height: int, width: int) -> NDArray[Any]:
    """Return a picture as uint8 ``(3, height, width)``: RGB, resized bilinearly."""
    resized = picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized).transpose(2, 0, 1)
