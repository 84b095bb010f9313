"""JSON of strangers: no repeated keys, no numbers that are none, no depth or text without end."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator
from typing import Any

DEEPEST = 12
TOO_DEEP = "nested too deeply"
LONGEST_TEXT = 400
LARGEST = 2**53
"""Whole numbers above it are not exact everywhere."""
PACKED = ("average_precision", "first_match", "pids")
"""Fields of packed numbers, which are as long as they must be."""
Problem = tuple[str, str]
"""A field, dotted, and what is wrong with it."""


class JSONError(ValueError):
    """A text that is not JSON as results have it.

    What is wrong is at ``line``, or is a repeated ``key``, or a ``number`` as the text has it.
    """

    def __init__(self, message: str, *, line: int = 0, key: str = "", number: str = "") -> None:
        super().__init__(message)
        self.line, self.key, self.number = line, key, number


def parse(text: str) -> Any:
    """Parse JSON.

    Raises:
        JSONError: it is not, repeats a key, holds NaN or an infinity, or is too deep.

    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_whole,
        )
    except RecursionError as error:
        raise JSONError(TOO_DEEP) from error
    except json.JSONDecodeError as error:
        why = f"not JSON ({error.msg}, column {error.colno})"
        raise JSONError(why, line=error.lineno) from error


def problems(value: Any, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield every text and number of a document that is beyond what results hold."""
    field = ".".join(path)
    if len(path) > DEEPEST:
        yield field, TOO_DEEP
    elif isinstance(value, dict):
        for name, item in value.items():
            if len(name) > LONGEST_TEXT or not _is_plain(name):
                yield field, "a key that is too long or has signs that cannot be printed"
            yield from problems(item, (*path, name[:40]))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from problems(item, (*path, str(index)))
    elif isinstance(value, str) and not (path and path[-1] in PACKED):
        if len(value) > LONGEST_TEXT:
            yield field, f"{len(value)} characters, where at most {LONGEST_TEXT} are printed"
        elif not _is_plain(value):
            yield field, "holds signs that cannot be printed"
    elif isinstance(value, int | float) and abs(value) > LARGEST:
        yield field, "a number beyond 2^53"


def _is_plain(text: str) -> bool:
    # Cc, Cf, Cs, Co: control, direction, surrogates and private signs, which hide or change text.
    return not any(unicodedata.category(sign)[0] == "C" and sign not in "\n\t" for sign in text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise JSONError(f"the key {ascii(repeated)[:40]} stands there twice", key=repeated)
    return found


def _no_number(text: str) -> float:
    raise JSONError(f"{text} is no number of JSON", number=text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JSONError(f"{text[:20]} is too large a number", number=text)
    return value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise JSONError("a number with too many digits", number=text) from error
