"""What commands read from their words beyond what click knows; imports nothing that takes long."""

from __future__ import annotations

import re

from reidbench.errors import ReidbenchError

_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)x([1-9]\d*)")


def size_of(text: str) -> tuple[int, int, int]:
    """Return channels, height and width of e.g. ``3x256x128``.

    Raises:
        ReidbenchError: it is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ReidbenchError(f"size '{text}' must be CxHxW, as in 3x256x128")
    channels, height, width = map(int, match.groups())
    return channels, height, width
