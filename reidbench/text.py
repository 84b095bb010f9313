"""Sizes, times and counts as people write and read them: decimal units, ``1 GB`` is 1000 MB."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from reidbench.errors import ReidbenchError

_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_TRAINING = re.compile(r"loss (\S+), (\d+) images/s")


def writable(text: str) -> str:
    """Return a text that every file can hold: bytes of a name that are no UTF-8 are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


class QuantityError(ReidbenchError):
    """A text that is no size, or no time."""


def parse_size(text: str) -> int:
    """Return bytes of e.g. ``2GB``, ``1.5 MB`` or ``0``; upper or lower case.

    Raises:
        QuantityError: it is no size.

    """
    expected = "a size is a number with B, kB, MB, GB or TB (1 GB is 1000 MB), e.g. 2GB"
    return int(_parsed(text, {unit.lower(): size for unit, size in _SIZES.items()}, expected))


def parse_time(text: str) -> float:
    """Return seconds of e.g. ``30d``, ``12h`` or ``0``.

    Raises:
        QuantityError: it is no time.

    """
    expected = "a time is a number with s, m, h, d or w, e.g. 30d"
    return float(_parsed(text, _TIMES, expected))


def _parsed(text: str, units: Mapping[str, int], expected: str) -> Decimal:
    match = _NUMBER.fullmatch(text.strip())
    number, unit = match.groups() if match else ("", "")
    # Zero needs no unit; any other number without one is ambiguous.
    factor = units.get(unit.lower(), 1 if not unit and number.strip("0.") == "" else None)
    if not match or factor is None:
        raise QuantityError(f"'{text}': {expected}")
    return Decimal(number) * factor


def size_text(size: int) -> str:
    """Return bytes as ``12 B``, ``1.2 kB``, ``45.6 MB`` or ``123 GB``: three digits at most."""
    # 1000 after rounding is 1 of the next unit.
    unit = next((u for u, s in _SIZES.items() if round(size / s, 1) < 999.5), "TB")
    value = size / _SIZES[unit]
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"


def time_text(seconds: float) -> str:
    """Return a time in its largest whole unit: ``45s``, ``3m``, ``2h`` or ``40d``."""
    unit = next((u for u in ("d", "h", "m") if seconds >= _TIMES[u]), "s")
    return f"{int(max(0.0, seconds) / _TIMES[unit])}{unit}"


def duration(seconds: float) -> str:
    """Return seconds as ``45s``, ``3m20s`` or ``2h05m``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 trial``, ``4 trials``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def training_note(loss: float, images_per_second: float) -> str:
    """Return what is shown of a training step: ``loss 1.234, 310 images/s``."""
    return f"loss {loss:.3f}, {images_per_second:.0f} images/s"


def training_numbers(note: str) -> dict[str, float]:
    """Return ``loss`` and ``images_per_second`` of a step's note; nothing of another note."""
    found = _TRAINING.fullmatch(note)
    return {"loss": float(found[1]), "images_per_second": float(found[2])} if found else {}
