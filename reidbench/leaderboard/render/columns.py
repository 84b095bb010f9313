"""The columns a reader sees, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from reidbench.leaderboard.model import Row, Section, Setting, Table
from reidbench.leaderboard.statistics import Spread

NOTHING = "-"
OTHERS = "Other dense networks"
R = TypeVar("R")


@dataclass(frozen=True)
class Column(Generic[R]):
    """A heading, how to write a row's cell, and what a terminal makes of it.

    A terminal has room for the columns of the highest ``weight``, under their ``short`` heading.
    """

    heading: str
    cell: Callable[[R], str]
    weight: int
    short: str = ""

    @property
    def brief(self) -> str:
        """The heading where room is scarce."""
        return self.short or self.heading


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage, without the sign."""
    return NOTHING if share is None else _fixed(100 * share, digits)


def spread(value: Spread | None) -> str:
    """Write ``mean ± sd`` in percent, the mean alone for a single seed."""
    if value is None:
        return NOTHING
    mean, sd = value
    return percent(mean) if sd is None else f"{percent(mean)} ± {percent(sd)}"


def signed(share: float) -> str:
    """Write a difference in percentage points, with its sign."""
    text = _fixed(100 * share, 1)
    return text if text.startswith("-") or text == "0.0" else f"+{text}"


def rank(row: Row) -> str:
    """Write a rank, with ``=`` where rows share it."""
    return NOTHING if row.rank is None else f"{row.rank}{'=' if row.tied else ''}"


def delta(row: Row) -> str:
    """Write the difference to the dense row with its interval."""
    if row.delta is None:
        return NOTHING
    around = row.delta_interval
    ends = f" [{signed(around.low)}, {signed(around.high)}]" if around else ""
    return signed(row.delta) + ends


def flags(row: Row) -> list[str]:
    """Say in a word or two what a reader must not miss about a row."""
    remarks: dict[str, bool] = {row.status: row.status != "done", "off target": not row.matched}
    return [remark for remark, holds in remarks.items() if holds]


def title(setting: Setting) -> str:
    """Name a table by its data, network and scenario."""
    data = f"{setting.source} → {setting.target}" if setting.source else setting.target
    drawn = " (drawn data)" if setting.drawn else ""
    return f"{data}{drawn}, {setting.backbone}, {setting.scenario}"


def heading(section: Section) -> str:
    """Name a section by its target."""
    return f"{100 * section.reduction:g} % fewer MACs" if section.reduction else "Nothing removed"


def blocks(table: Table) -> Iterator[tuple[str, Section]]:
    """Yield what a page lays out as one grid each, with its heading."""
    yield from ((heading(section), section) for section in table.sections)
    if table.others:
        rows = tuple(other.row for other in table.others)
        yield OTHERS, Section(reduction=0.0, reference=table.reference, rows=rows)


def queries(table: Table) -> str:
    """Say how many queries count, or nothing if nothing was scored."""
    if table.valid_queries is None:
        return ""
    left_out = f" ({table.excluded_queries} without a match left out)"
    return f"{table.valid_queries} queries{left_out if table.excluded_queries else ''}"


def versions(setting: Setting) -> str:
    """Name what two tables of one title can differ in: the engine and the shared components."""
    return ", ".join([f"engine v{setting.engine}", *map(str, setting.parts)])


def numbered_notes(table: Table) -> dict[str, int]:
    """Give every note of a table's rows a number; rows of which the same is true share it."""
    rows = (*table.unique_rows, *(other.row for other in table.others))
    notes = dict.fromkeys(note for row in rows for note in row.notes)
    return {note: number for number, note in enumerate(notes, start=1)}


def _fixed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def _count(value: float | None, unit: float, digits: int) -> str:
    return NOTHING if value is None else f"{value / unit:.{digits}f}"


def _how(row: Row) -> str:
    return NOTHING if row.target_reduction == 0 else f"{row.strategy}, {row.allocation}"


def _seeds(row: Row) -> str:
    return f"{row.seeds_done}/{row.seeds}"


# Everything but rank and method, which each page writes its own way.
COLUMNS: tuple[Column[Row], ...] = (
    Column("when, where", _how, 0),
    Column("mAP %", lambda row: spread(row.mean_ap), 9),
    Column("rank-1 %", lambda row: spread(row.rank1), 7),
    Column("rank-5 %", lambda row: spread(row.rank5), 0),
    Column("mINP %", lambda row: spread(row.mean_inp), 0),
    Column("mAP (trapezoid) %", lambda row: spread(row.trapezoid), 0, "trapezoid %"),
    Column("Δ mAP [95 %]", delta, 8),
    Column("mAP before retraining %", lambda row: spread(row.before_retraining), 2, "before %"),
    Column("reduction %", lambda row: percent(row.reduction, 2), 6, "red. %"),
    Column("max. miss", lambda row: percent(row.max_miss, 2), 0),
    Column("GMACs", lambda row: _count(row.macs, 1e9, 3), 4),
    Column("params M", lambda row: _count(row.parameters, 1e6, 2), 3),
    Column("epochs", lambda row: NOTHING if row.epochs is None else f"{row.epochs:g}", 1),
    Column("seconds", lambda row: _count(row.seconds, 1, 0), 1),
    Column("of these choosing", lambda row: _count(row.choosing_seconds, 1, 1), 0, "choosing s"),
    Column("seeds", _seeds, 5),
)
