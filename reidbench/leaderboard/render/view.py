"""A part of a leaderboard: chosen rows, reductions and columns, in an order of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from reidbench.errors import ReidbenchError, did_you_mean
from reidbench.leaderboard.model import Leaderboard, Row, Table
from reidbench.leaderboard.render.columns import Value, attribute, values
from reidbench.leaderboard.render.row_columns import MAIN_COLUMNS, PAGE_COLUMNS, ROW_COLUMNS

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

    The dense reference stays, because differences are to it; ranks stay those among all rows.
    ``sort`` is a column of the CSV, or of a page, with ``-`` before it for the largest first.

    Raises:
        ViewError: a field or column is not known, or no row is left.

    """
    wanted = _conditions(where)
    only = tuple(reductions)
    tables = [_part(table, wanted, only) for table in board.tables]
    kept = [table for table in tables if any(section.rows for section in table.sections)]
    if board.tables and not kept:
        asked = [*where, *(f"reduction {share:g}" for share in only)]
        raise ViewError(f"no row is left with {' and '.join(asked)}; see the table without them")
    return replace(board, tables=tuple(_sorted(table, sort) if sort else table for table in kept))


def _conditions(where: Sequence[str]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for text in where:
        field, equals, value = text.partition("=")
        if not equals or field not in FIELDS:
            hint = did_you_mean(field, list(FIELDS))
            raise ViewError(
                f"--where {text}: expected FIELD=VALUE with one of {', '.join(FIELDS)}{hint}"
            )
        wanted.setdefault(field, set()).add(value)
    return wanted


def _part(table: Table, wanted: Mapping[str, set[str]], only: Sequence[float]) -> Table:
    def fits(row: Row) -> bool:
        return all(_word(FIELDS[field](row)) in words for field, words in wanted.items())

    sections = [
        replace(section, rows=tuple(filter(fits, section.rows)))
        for section in table.sections
        if not only or any(abs(section.reduction - share) < 1e-9 for share in only)
    ]
    # A table of a control alone has a section without rows.
    left = tuple(section for section in sections if section.rows)
    others = () if wanted or only else table.other_networks
    whole = not wanted and not only
    return table if whole else replace(table, sections=left, other_networks=others)


def _word(value: Value) -> str:
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
