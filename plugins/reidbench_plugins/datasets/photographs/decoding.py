"""Decode image files to RGB by one fixed policy, and name those that are no plain photograph."""

from __future__ import annotations

from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Pillow converts grey of more than 8 bits by clipping, which leaves white; and of several pages or
# frames it takes the first. MPO, a photograph with a preview behind it, is read as its photograph.
_CLIPPED = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
_ORIENTATION = 0x0112
_UPRIGHT = 1
_KINDS = {
    "1": "black and white (repeated in three channels)",
    "L": "grey (repeated in three channels)",
    "LA": "grey with transparency (repeated in three channels, transparency dropped)",
    "P": "with a palette (its colours looked up)",
    "PA": "with a palette (its colours looked up)",
    "RGBA": "with transparency (dropped)",
    "CMYK": "CMYK (converted to RGB without a profile)",
}
_TURNED = "turned by EXIF (taken as stored, so on its side or upside down)"
_DEEP = "of 16 bits a channel (the upper 8 are taken)"


class UnreadableKind(ValueError):  # noqa: N818 - what it says, not that it errs
    """A file whose picture is not decided by its bytes, or is not shown by eight bits."""


def decode(source: IO[bytes]) -> NDArray[np.uint8]:
    """Return an image file as uint8 RGB (height, width, 3).

    Grey is repeated, a palette is looked up, transparency is dropped, CMYK is converted without a
    profile, of 16 bits a colour the upper 8 are taken, and an orientation in EXIF is ignored.

    Raises:
        UnreadableKind: more than eight bits a channel, or several frames or pages.
        Exception: what Pillow raises for a file that is no image, or ends early.
    """
    with Image.open(source) as image:
        if image.mode in _CLIPPED:
            raise UnreadableKind(
                f"its grey has more than 8 bits (Pillow mode {image.mode}), which would be clipped "
                "to white; convert it to 8 bits"
            )
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":
            raise UnreadableKind(f"it has {frames} frames or pages; keep one of them")
        return np.array(image.convert("RGB"))


def kinds_of(source: IO[bytes]) -> tuple[str, ...]:
    """Return what is unusual about an image file and how it is read; ``()`` for most photographs.

    Looks at the header alone.

    Raises:
        Exception: what Pillow raises for a file that is no image.
    """
    with Image.open(source) as image:
        kinds = [_KINDS[image.mode]] if image.mode in _KINDS else []
        if any(";16" in str(tile) for tile in image.tile):
            kinds.append(_DEEP)
        if image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT:
            kinds.append(_TURNED)
        return tuple(kinds)
