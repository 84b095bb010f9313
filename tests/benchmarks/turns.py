"""Times two sides in turns, so that whatever else the machine does meets both alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, Literal

from pytest_benchmark.fixture import BenchmarkFixture


@dataclass
class Side:
    """One side: what it runs, the seconds of each turn, and what the last one gave."""

    work: Callable[[], Any]
    seconds: list[float] = field(default_factory=list)
    given: Any = None

    def turn(self) -> None:
        """Run once, timed."""
        started = perf_counter()
        self.given = self.work()
        self.seconds.append(perf_counter() - started)


def in_turns(
    benchmark: BenchmarkFixture,
    ours: Callable[[], Any],
    peer: Callable[[], Any],
    *,
    rounds: int = 5,
    warm: bool = True,
) -> tuple[Side, Side]:
    """Run both sides in turns, the peer first; one round where nothing is measured."""
    sides = Side(ours), Side(peer)
    if warm:
        for side in sides:
            side.work()
    rounds = rounds if benchmark.enabled else 1
    benchmark.pedantic(sides[0].turn, setup=sides[1].turn, rounds=rounds)
    return sides


def note(
    benchmark: BenchmarkFixture,
    what: str,
    value: float,
    bar: float,
    sense: Literal["at most", "at least"],
    unit: str,
    **beside: Any,
) -> None:
    """Leave a row for the page of figures: a value, its bar, and what stands beside it."""
    benchmark.extra_info.update(
        what=what, value=value, bar=bar, sense=sense, unit=unit, beside=beside
    )


def ratio(ours: Side, peer: Side) -> float:
    """Return our median time over the peer's."""
    return median(ours.seconds) / median(peer.seconds)
