"""Sums whose last digit is the same on every Python."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add


def added(numbers: Iterable[float]) -> float:
    """Add numbers one after another.

    ``sum`` does so before Python 3.12 and makes up for rounding from then on
    (https://docs.python.org/3/whatsnew/3.12.html), which changes digits of tables: a mean of two
    seeds is often half-way between two numbers of fewer digits.
    """
    return reduce(add, numbers, 0.0)
