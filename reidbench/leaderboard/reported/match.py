"""Puts what papers report beside the tables of the same photographs, unranked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reidbench.leaderboard.model import Leaderboard, Quotation, Row, Table
from reidbench.leaderboard.reported.paper import Entry, Paper

NEAREST = 0.01
"""The largest relative difference of parameters at which a section is the same network's size."""


def with_reported(leaderboard: Leaderboard, papers: Iterable[Paper]) -> Leaderboard:
    """Return the leaderboard with the papers' numbers beside every table they are about.

    A table shows the entries of its target that are of its backbone, or dense, and of its
    scenario, or of none; where no entry has a scenario of that name, those of all. A table of
    drawn data shows none, whatever its target is called.
    """
    papers = tuple(papers)
    tables = (replace(it, quotations=_quotations(it, papers)) for it in leaderboard.tables)
    return replace(leaderboard, tables=tuple(tables))


def _quotations(table: Table, papers: Sequence[Paper]) -> tuple[Quotation, ...]:
    if table.setting.drawn:
        return ()
    return tuple(
        Quotation(entry=entry, source=paper.source, section=_section(table, entry, paper))
        for paper in papers
        for entry in _fitting(table, paper)
    )


def _fitting(table: Table, paper: Paper) -> Iterator[Entry]:
    setting = table.setting
    known = {entry.scenario for entry in paper.entries}
    for entry in paper.about(setting.target):
        of_network = entry.network == setting.backbone or entry.dense
        elsewhere = setting.scenario in known and entry.scenario not in ("", setting.scenario)
        if of_network and not elsewhere:
            yield entry


def _section(table: Table, entry: Entry, paper: Paper) -> float | None:
    """Return the reduction of the section with the nearest parameters, None if none is near.

    Parameters, because papers count FLOPs each in its own way.
    """
    if entry.network != table.setting.backbone or paper.parameters_of != "embedding path":
        return None
    if entry.parameters is None:
        return None
    given = 1e6 * entry.parameters
    misses = [
        (abs(row.parameters - given) / given, reduction)
        for reduction, row in _measured(table, dense=entry.dense)
        if row.parameters is not None
    ]
    miss, reduction = min(misses, default=(float("inf"), 0.0))
    return reduction if miss <= NEAREST else None


def _measured(table: Table, *, dense: bool) -> Iterator[tuple[float, Row]]:
    """Yield rows that show how large a section's networks are, which those off target do not."""
    if dense:
        yield from ((0.0, row) for row in (table.reference,) if row)
        return
    for section in table.sections:
        # Under other allocations the same MACs leave any number of parameters.
        alike = (row for row in section.rows if row.matched and row.allocation == "uniform")
        yield from ((section.reduction, row) for row in alike)
