"""Columns: one fact of an item, under a name, as people read it and as programs do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from reidbench.leaderboard.statistics.contrast import Interval

R = TypeVar("R")
Value = str | int | float | bool | None
NOTHING = "-"
PERCENT = 0.01
"""The unit of shares, and of differences of shares in points."""


@dataclass(frozen=True)
class Column(Generic[R]):
    """A fact of items such as rows: a heading and a cell for people, values for programs.

    A terminal has room for the columns of the highest ``weight``, under their ``short`` heading.
    """

    name: str
    """The name by which the column is chosen."""
    heading: str = ""
    """Empty for a column that only programs read."""
    cell: Callable[[R], str] = lambda _: NOTHING
    values: Mapping[str, Callable[[R], Value]] = field(default_factory=dict)
    """How to read each number or word, by its heading in a CSV; none if only people read it."""
    weight: int = 0
    """Below 0 for a column that is shown on request alone."""
    short: str = ""


def values(columns: Iterable[Column[R]], item: R) -> dict[str, Value]:
    """Return what programs read of an item, by CSV heading."""
    return {name: read(item) for column in columns for name, read in column.values.items()}


def attribute(path: str) -> Callable[[Any], Any]:
    """Return how to read a dotted attribute, None where a part of its path is None."""

    def read(item: Any) -> Any:
        for name in path.split("."):
            item = None if item is None else getattr(item, name)
        return item

    return read


def attributes(*names: str, **renamed: str) -> dict[str, Callable[[Any], Value]]:
    """Return how to read attributes, by CSV heading."""
    return {name: attribute(path) for name, path in {**{it: it for it in names}, **renamed}.items()}


def number(path: str, unit: float, digits: int) -> Callable[[Any], float | None]:
    """Return how to read an attribute as a number in a unit."""
    read = attribute(path)
    return lambda item: _rounded(read(item), unit, digits)


def points(path: str) -> Callable[[Any], float | None]:
    """Return how to read a share in percent, or a difference of shares in points."""
    return number(path, PERCENT, 4)


def fixed(value: float | None, unit: float, digits: int) -> str:
    """Write a value in a unit."""
    return NOTHING if value is None else f"{_rounded(value, unit, digits):.{digits}f}"


def percent(share: float | None) -> str:
    """Write a share as a percentage, without the sign."""
    return fixed(share, PERCENT, 1)


def signed(share: float) -> str:
    """Write a difference in percentage points, with its sign."""
    text = percent(share)
    return text if text.startswith("-") or text == "0.0" else f"+{text}"


def around(interval: Interval) -> str:
    """Write the ends of an interval in points; in round brackets if it is of networks alone."""
    ends = f"{signed(interval.low)}, {signed(interval.high)}"
    return f"({ends})" if interval.of_networks else f"[{ends}]"


def _rounded(value: float | None, unit: float, digits: int) -> float | None:
    if value is None:
        return None
    # A share divided by 0.01 would round 0.7475 down to 74.7.
    scaled = 100 * value if unit == PERCENT else value / unit
    # Adding zero turns -0.0 into 0.0.
    return round(scaled, digits) + 0.0
