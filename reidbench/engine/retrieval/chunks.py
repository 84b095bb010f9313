"""How many rows to hold in memory at a time, and the threads that work on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

WORKING_ENTRIES = 2**18  # of float64: 2 MB, stays in the cache
TILE_ENTRIES = 2**24  # of float32: 64 MB
TILE_ROWS = 4096


def slices(rows: int, size: int) -> Iterator[slice]:
    """Yield the slices of at most ``size`` that cover ``range(rows)``."""
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def working_rows(width: int) -> int:
    """Return how many rows of this width to hold in float64 at a time."""
    return max(1, WORKING_ENTRIES // width)


def tile_rows(width: int) -> int:
    """Return how many gallery rows of this width make one tile."""
    return max(1, min(TILE_ROWS, TILE_ENTRIES // width))


@dataclass(frozen=True)
class Workers:
    """Threads that divide work evenly."""

    pool: ThreadPoolExecutor
    count: int

    @classmethod
    @contextmanager
    def started(cls, count: int) -> Iterator[Workers]:
        """Provide ``count`` workers for the block."""
        with ThreadPoolExecutor(count) as pool:
            yield cls(pool, count)

    def map(self, items: int, work: Callable[[slice], T], most: int | None = None) -> list[T]:
        """Return the results of ``work`` on slices of ``range(items)``, in order.

        There is one slice per worker, or more where each may have at most ``most`` items.
        """
        share = max(1, -(-items // self.count))
        return list(self.pool.map(work, slices(items, min(share, most or share))))
