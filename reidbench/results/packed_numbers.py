"""Lists of numbers as short texts: bytes of equal weight side by side, deflated, in base64."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

STEPS = 65534
"""Average precision is kept in units of 1/65534, so with an error of at most 7.7e-6."""
EXCLUDED = 65535
"""Stands for a query that does not count."""
NO_MATCH = 2**32 - 1
LONGEST = 1_000_000
"""Numbers of a list: what says that it holds more is not inflated."""

_PRECISION, _RANKS, _PIDS = np.dtype("<u2"), np.dtype("<u4"), np.dtype("<i8")
_DECIMALS = np.dtype("<i4")
MOST_DIGITS = 20


def pack_precision(values: Sequence[float | None]) -> str:
    """Pack average precisions, None if excluded, as uint16.

    Raises:
        ValueError: one is outside [0, 1].

    """
    if any(not 0 <= value <= 1 for value in values if value is not None):
        raise ValueError("an average precision outside 0 to 1")
    scaled = [EXCLUDED if value is None else round(value * STEPS) for value in values]
    return _pack(scaled, _PRECISION)


def unpack_precision(text: str, count: int) -> list[float | None]:
    """Return average precisions with the six digits that result files hold.

    Raises:
        ValueError: the text does not hold ``count`` of them.

    """
    values = _unpack(text, count, _PRECISION)
    shares = (values / STEPS).round(6).tolist()
    return [
        None if value == EXCLUDED else share
        for value, share in zip(values.tolist(), shares, strict=True)
    ]


def pack_ranks(values: Sequence[int | None]) -> str:
    """Pack ranks, None without a match, as uint32."""
    return _pack([NO_MATCH if value is None else value for value in values], _RANKS)


def unpack_ranks(text: str, count: int) -> list[int | None]:
    """Return ranks; raise ValueError as ``unpack_precision``."""
    values = _unpack(text, count, _RANKS).tolist()
    return [None if value == NO_MATCH else value for value in values]


def pack_pids(values: Sequence[int]) -> str:
    """Pack identities as int64."""
    return _pack(values, _PIDS)


def unpack_pids(text: str, count: int) -> list[int]:
    """Return identities; raise ValueError as ``unpack_precision``."""
    pids: list[int] = _unpack(text, count, _PIDS).tolist()
    return pids


def pack_decimals(values: Sequence[float], *, significant: int) -> str:
    """Pack numbers to as many significant digits of the largest: ``3:...`` are thousandths.

    Raises:
        ValueError: one is not finite, or they have no common unit.

    """
    if not all(map(math.isfinite, values)):
        raise ValueError("a number that is not finite")
    largest = max(map(abs, values), default=0.0)
    digits = significant - 1 - math.floor(math.log10(largest)) if largest else 0
    if abs(digits) > MOST_DIGITS:
        raise ValueError(f"numbers as {largest:g} are not packed")
    return f"{digits}:{_pack([round(value * 10.0**digits) for value in values], _DECIMALS)}"


def unpack_decimals(text: str, count: int) -> list[float]:
    """Return packed numbers; raise ValueError as ``unpack_precision``."""
    digits, _, packed = text.partition(":")
    if digits not in map(str, range(-MOST_DIGITS, MOST_DIGITS + 1)):
        raise ValueError(f"{ascii(digits)[:20]} is no number of digits")
    units = _unpack(packed, count, _DECIMALS).tolist()
    # Divided, or multiplied, by a power of ten: the double next to the decimal number.
    scale = 10 ** abs(int(digits))
    return [unit / scale if int(digits) > 0 else float(unit * scale) for unit in units]


def _pack(values: Sequence[int], kind: DTypeLike) -> str:
    numbers = np.array(values, dtype=kind)
    # All low bytes, then all high ones: neighbours are alike, which is what deflate looks for.
    planes = numbers.view(np.uint8).reshape(len(values), numbers.itemsize).T.tobytes()
    return base64.b64encode(zlib.compress(planes, 9)).decode("ascii")


def _unpack(text: str, count: int, kind: np.dtype[Any]) -> NDArray[Any]:
    if not 0 <= count <= LONGEST:
        raise ValueError(f"{count} numbers, where at most {LONGEST} are read")
    size = count * kind.itemsize
    inflate = zlib.decompressobj()
    try:
        # Never inflated beyond what it must hold: a few bytes can stand for gigabytes.
        planes = inflate.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"not packed numbers ({error})") from error
    if len(planes) != size or not inflate.eof or inflate.unused_data:
        raise ValueError(f"does not hold {count} numbers of {kind.itemsize} bytes")
    shuffled = np.frombuffer(planes, np.uint8).reshape(kind.itemsize, count)
    return np.ascontiguousarray(shuffled.T).view(kind).ravel()
