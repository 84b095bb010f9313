"""Timings of ``reidbench profile`` beside the rows whose networks were timed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from reidbench.leaderboard.latency_file import DENSE, Latency, Timing, latency_beside
from reidbench.leaderboard.model import Leaderboard, Row, Section, Table


def with_latency(board: Leaderboard, latency: Latency) -> Leaderboard:
    """Return the leaderboard with the timings of its rows; unchanged if none of them was timed."""
    tables = tuple(_timed(table, latency) for table in board.tables)
    found = any(row.timings for table in tables for row in table.unique_rows)
    return replace(board, tables=tables, latency=latency) if found else board


def with_latency_beside(board: Leaderboard, directory: Path) -> Leaderboard:
    """Return the leaderboard with the timings that lie in ``directory`` or above it, if any do.

    Raises:
        LatencyError: they cannot be read.

    """
    found = latency_beside(directory)
    return board if found is None else with_latency(board, found)


def latency_of(row: Row, latency: Latency) -> tuple[Timing, ...]:
    """Return the timings of a row: of its first seed that was timed."""
    for key in row.networks:
        if found := tuple(timing for timing in latency.rows if timing.trial == key):
            return found
    return ()


def _timed(table: Table, latency: Latency) -> Table:
    sections = tuple(
        replace(it, rows=tuple(replace(row, timings=latency_of(row, latency)) for row in it.rows))
        for it in table.sections
    )
    # The dense network is timed beside those pruned from it, without a trial of its own.
    timed = any(row.timings for section in sections for row in section.rows)
    return replace(table, sections=tuple(_with_dense(it, latency, timed) for it in sections))


def _with_dense(section: Section, latency: Latency, timed: bool) -> Section:
    dense = section.reference
    if dense is None:
        return section
    name = f"{dense.setting.backbone} {DENSE}"
    beside: Iterable[Timing] = (it for it in latency.rows if timed and it.network == name)
    timings = latency_of(dense, latency) or tuple(beside)
    return replace(section, reference=replace(dense, timings=timings))
