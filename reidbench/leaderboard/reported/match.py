"""Puts what papers report beside the tables of the same photographs, unranked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reidbench.leaderboard.model import Leaderboard, ReportedRow, Row, Table
from reidbench.leaderboard.reported.paper import Entry, Paper

NEAREST = 0.01
"""The largest relative difference of parameters at which a section is the same network's size."""


def with_reported(leaderboard: Leaderboard, papers: Sequence[Paper]) -> Leaderboard:
    """Return the leaderboard with the papers' numbers beside every table they are about.

    A table shows the entries of its target that are of its backbone, or dense, and of its
    scenario, or of none; where no entry has a scenario of that name, those of all. A table of
    drawn data shows none, whatever its target is called.
    """
    tables = (
        table if table.setting.drawn else replace(table, reported=tuple(_reported(table, papers)))
        for table in leaderboard.tables
    )
    return replace(leaderboard, tables=tuple(tables))


def _reported(table: Table, papers: Sequence[Paper]) -> Iterator[ReportedRow]:
    setting = table.setting
    for paper in papers:
        known = {entry.scenario for entry in paper.entries}
        for entry in paper.about(setting.target):
            of_network = entry.network == setting.backbone or entry.dense
            of_other_scenario = entry.scenario not in ("", setting.scenario)
            if of_network and not (of_other_scenario and setting.scenario in known):
                section = _section(table, entry, paper)
                yield ReportedRow(entry=entry, source=paper.source, section=section)


def _section(table: Table, entry: Entry, paper: Paper) -> float | None:
    """Return the reduction of the section with the nearest parameters, None if none is near.

    Parameters, because papers count FLOPs each in its own way.
    """
    comparable = paper.parameters_of == "embedding path"
    if not comparable or entry.network != table.setting.backbone or entry.parameters is None:
        return None
    reported = 1e6 * entry.parameters
    misses = [
        (abs(row.parameters - reported) / reported, row.reduction)
        for row in _measured(table, dense=entry.dense)
        if row.parameters is not None
    ]
    miss, reduction = min(misses, default=(float("inf"), 0.0))
    return reduction if miss <= NEAREST else None


def _measured(table: Table, *, dense: bool) -> list[Row]:
    """Return the rows that show how large a section's networks are."""
    if dense:
        return [table.reference] if table.reference else []
    # Under other allocations, and off target, the same MACs leave any number of parameters.
    rows = (row for section in table.sections for row in section.rows)
    return [row for row in rows if row.matched and row.allocation == "uniform"]
