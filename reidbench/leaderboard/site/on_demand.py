"""Columns that the table of a page shows when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from reidbench.leaderboard.render.latency_columns import case_cells, case_timings, cases
from reidbench.leaderboard.site.board_rows import BoardSection


class Columns(TypedDict):
    """Headings, and the cells of every row of the page; ``order`` is what they are sorted by."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    order: Sequence[Sequence[float | None]]


def latency_columns(sections: Iterable[BoardSection]) -> Columns | None:
    """Return a column for each engine and batch size; None where nothing was timed.

    Without a verdict a timing is sorted last, as what was not timed is: noise gives no rank.
    """
    rows = [it.row for section in sections for it in section.rows]
    shown = cases(rows)
    if not shown:
        return None
    return {
        "headings": [f"{engine}, batch {batch}" for engine, batch in shown],
        "rows": [case_cells(row, shown) for row in rows],
        "order": [
            [round(it.least, 4) if it and it.steady else None for it in case_timings(row, shown)]
            for row in rows
        ],
    }
