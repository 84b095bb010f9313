"""Timings of rows, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reidbench.leaderboard.latency_file import Latency, Timing
from reidbench.leaderboard.model import Row
from reidbench.leaderboard.render.columns import NOTHING, Value

TITLE = "Latency"
Case = tuple[str, int]
"""An engine and a batch size."""


def cell(row: Row) -> str:
    """Write every timing of a row, as ``eager 1: 5.0 ms (2.00)``."""
    return "; ".join(f"{it.engine} {it.batch}: {_cell(it)}" for it in row.timings) or NOTHING


def legend(latency: Latency) -> str:
    """Say what was measured where."""
    of = latency.machine.versions.items()
    versions = ", ".join(f"{name} {number}" for name, number in of)
    channels, height, width = latency.size
    return (
        f"{latency.machine}; {versions}; images of "
        f"{channels} x {height} x {width}, {latency.runs} runs each. The least milliseconds of a "
        "batch, and in brackets the speed-up over the dense network by them; "
        f"{NOTHING} where the quartiles lie too wide apart for a verdict. Figures compare within "
        "this machine only."
    )


def cases(rows: Iterable[Row]) -> list[Case]:
    """Return every engine and batch size that rows were timed with, in the order of the file."""
    return list(dict.fromkeys((it.engine, it.batch) for row in rows for it in row.timings))


def case_cells(row: Row, shown: Iterable[Case]) -> list[str]:
    """Write a row's timing of each case."""
    return [_cell(timing) if timing else NOTHING for timing in case_timings(row, shown)]


def case_timings(row: Row, shown: Iterable[Case]) -> list[Timing | None]:
    """Return a row's timing of each case, None where it was not timed so."""
    found = {(it.engine, it.batch): it for it in row.timings}
    return [found.get(case) for case in shown]


def case_values(row: Row, shown: Iterable[Case]) -> Mapping[str, Value]:
    """Return a row's timings as programs read them, by CSV heading; the unknown as None."""
    wanted, values = list(shown), dict[str, Value]()
    for (engine, batch), timing in zip(wanted, case_timings(row, wanted), strict=True):
        ratio = timing.speed_up if timing else None
        name = f"{engine}_batch{batch}"
        values[f"{name}_least_ms"] = round(timing.least, 3) if timing else None
        values[f"{name}_median_ms"] = round(timing.median, 3) if timing else None
        values[f"{name}_speed_up"] = round(ratio[0], 3) if ratio else None
    return values


def _cell(timing: Timing) -> str:
    ratio = NOTHING if timing.speed_up is None else f"{timing.speed_up[0]:.2f}"
    return f"{timing.least:.1f} ms ({ratio})"
