"""JSON of strangers: no repeated keys, no numbers that are none, no depth or text without end."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator
from typing import Any

DEEPEST = 12
LONGEST_TEXT = 400
LARGEST = 2**53
"""Whole numbers above it are not exact everywhere."""
PACKED = ("average_precision", "first_match", "pids")
"""Fields of packed numbers, which are as long as they must be."""
Problem = tuple[str, str]
"""A field, dotted, and what is wrong with it."""


class JSONError(ValueError):
    """A text that is not JSON as results have it."""


def parse(text: str) -> Any:
    """Parse JSON.

    Raises:
        JSONError: it is not, repeats a key, holds NaN or an infinity, or is too deep.

    """
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite
        )
    except RecursionError as error:
        raise JSONError("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise JSONError(f"not JSON ({error.msg}, column {error.colno})") from error
    except JSONError:
        raise
    except ValueError as error:
        raise JSONError("a number with too many digits") from error


def problems(value: Any, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield every text and number of a document that is beyond what results hold."""
    field = ".".join(path)
    if len(path) > DEEPEST:
        yield field, "nested too deeply"
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
        raise JSONError(f"the key {ascii(repeated)[:40]} stands there twice")
    return found


def _no_number(text: str) -> float:
    raise JSONError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JSONError(f"{text[:20]} is too large a number")
    return value
