"""A part of a leaderboard: chosen rows, reductions and columns, in an order of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from reidbench.errors import ReidbenchError, did_you_mean
from reidbench.leaderboard.model import Leaderboard, Row, Table
from reidbench.leaderboard.render.columns import Value, attribute, values
from reidbench.leaderboard.render.row_columns import MAIN_COLUMNS, PAGE_COLUMNS, ROW_COLUMNS
from reidbench.results import read_label, selected_by

FIELDS: Mapping[str, Callable[[Row], Value]] = {
    **{
        name: attribute(f"setting.{name}")
        for name in ("scenario", "backbone", "source", "target", "protocol", "division", "drawn")
    },
    **{
        name: attribute(name)
        for name in ("method", "strategy", "allocation", "control", "status", "state")
    },
}
"""What rows are chosen by."""


class ViewError(ReidbenchError):
    """A row, reduction or column that was asked for and is not there."""


def columns_named(text: str | None) -> tuple[str, ...]:
    """Return the names of columns in a list with commas; the main ones for None.

    Raises:
        ViewError: there is no such column.

    """
    known = [column.name for column in PAGE_COLUMNS]
    names = tuple(name.strip() for name in text.split(",")) if text else MAIN_COLUMNS
    for name in names:
        if name not in known:
            raise ViewError(
                f"--columns: no column '{name}'{did_you_mean(name, known)}; "
                f"rank and method are always there, beside them: {', '.join(known)}"
            )
    return names


def part_of(
    board: Leaderboard,
    where: Sequence[str] = (),
    reductions: Iterable[float] = (),
    sort: str | None = None,
) -> Leaderboard:
    """Return the rows for which every ``FIELD=VALUE`` holds; values of one field are alternatives.

    Labels are compared by what they say, as `reidbench.plan.select` does: a name is all of its
    variants, and ``l1(power=1e-1)`` is ``l1(power=0.1)``. The dense reference stays, because
    differences are to it; ranks stay those among all rows. ``sort`` is a column of the CSV, or of
    a page, with ``-`` before it for the largest first.

    Raises:
        ViewError: a field or column is not known, or no row is left.

    """
    wanted = _conditions(where, board)
    only = tuple(reductions)
    _refuse_unknown(only, board)
    tables = [_part(table, wanted, only) for table in board.tables]
    kept = [table for table in tables if any(section.rows for section in table.sections)]
    if board.tables and not kept:
        asked = [*where, *(f"reduction {share:g}" for share in only)]
        raise ViewError(f"no row is left with {' and '.join(asked)}; see the table without them")
    return replace(board, tables=tuple(_sorted(table, sort) if sort else table for table in kept))


def _refuse_unknown(reductions: Iterable[float], board: Leaderboard) -> None:
    """Refuse a reduction that no row has, though rows of another that is asked for are there."""
    known = sorted({section.reduction for table in board.tables for section in table.sections})
    for share in reductions:
        if not any(_same(share, other) for other in known):
            has = ", ".join(f"{other:g}" for other in known)
            raise ViewError(f"no row is left with reduction {share:g}: they have {has or 'none'}")


def _same(share: float, other: float) -> bool:
    return abs(share - other) < 1e-9


def _conditions(where: Sequence[str], board: Leaderboard) -> dict[str, set[str]]:
    """Return the values that are wanted of each field, as the rows of the board have them."""
    rows = [row for table in board.tables for section in table.sections for row in section.rows]
    wanted: dict[str, set[str]] = {}
    for text in where:
        field, equals, value = text.partition("=")
        field = field.strip()
        if not equals or field not in FIELDS:
            hint = did_you_mean(field, list(FIELDS))
            raise ViewError(
                f"--where {text}: expected FIELD=VALUE with one of {', '.join(FIELDS)}{hint}"
            )
        known = {_text(FIELDS[field](row)) for row in rows}
        if not (meant := selected_by(read_label(value), known)):
            # Said of each, as rows of another value may be left.
            raise ViewError(f"no row is left with {text}{did_you_mean(value, known)}")
        wanted.setdefault(field, set()).update(meant)
    return wanted


def _part(table: Table, wanted: Mapping[str, set[str]], only: Sequence[float]) -> Table:
    def fits(row: Row) -> bool:
        return all(_text(FIELDS[field](row)) in texts for field, texts in wanted.items())

    sections = [
        replace(section, rows=tuple(filter(fits, section.rows)))
        for section in table.sections
        if not only or any(_same(section.reduction, share) for share in only)
    ]
    # A table of a control alone has a section without rows.
    left = tuple(section for section in sections if section.rows)
    others = () if wanted or only else table.other_networks
    whole = not wanted and not only
    return table if whole else replace(table, sections=left, other_networks=others)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sorted(table: Table, sort: str) -> Table:
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    read = _sort_key(name)

    def order(row: Row) -> tuple[bool, float, str]:
        value = read(row)
        number = float(value) if isinstance(value, int | float) else 0.0
        return value is None, -number if falling else number, str(value)

    sections = (
        replace(section, rows=tuple(sorted(section.rows, key=order))) for section in table.sections
    )
    return replace(table, sections=tuple(sections))


def _sort_key(name: str) -> Callable[[Row], Value]:
    shown = {column.name: next(iter(column.values)) for column in ROW_COLUMNS if column.values}
    known = {heading for column in ROW_COLUMNS for heading in column.values}
    heading = shown.get(name, name)
    if heading not in known:
        raise ViewError(
            f"--sort: no column '{name}'{did_you_mean(name, known | shown.keys())}; "
            "give a heading of leaderboard.csv"
        )
    return lambda row: values(ROW_COLUMNS, row)[heading]
