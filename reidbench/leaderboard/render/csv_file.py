"""A leaderboard as CSV: one row each, every number in a column of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from reidbench.leaderboard.model import Leaderboard, Table
from reidbench.leaderboard.render.claim_columns import CLAIM_COLUMNS
from reidbench.leaderboard.render.columns import Value, values
from reidbench.leaderboard.render.latency_columns import Case, case_values, cases
from reidbench.leaderboard.render.row_columns import ROW_COLUMNS

TABLE = "table_backbone"


def to_csv(leaderboard: Leaderboard) -> str:
    """Write every row of every table; percentages and points as numbers, the unknown as nothing.

    Where a table shows dense networks of other backbones, ``table_backbone`` says which rows are
    in one table, and the difference of a row is to the dense network of that backbone. Numbers that
    papers report are left out: every row here is measured. Timings, where rows have some, are
    columns of each engine and batch size.
    """
    shown = cases(row for table in leaderboard.tables for row in table.unique_rows)
    rows = [row for table in leaderboard.tables for row in _rows(table, shown)]
    if not any(table.other_networks for table in leaderboard.tables):
        rows = [{name: row[name] for name in row if name != TABLE} for row in rows]
    return _text(rows)


def claims_to_csv(leaderboard: Leaderboard) -> str:
    """Write every claim as a row; differences and bounds are points."""
    return _text([values(CLAIM_COLUMNS, verdict) for verdict in leaderboard.claims])


def _rows(table: Table, shown: Sequence[Case]) -> Iterator[dict[str, Value]]:
    for row in (*table.unique_rows, *table.other_networks):
        yield {TABLE: table.setting.backbone, **values(ROW_COLUMNS, row), **case_values(row, shown)}


def _text(rows: Sequence[Mapping[str, Value]]) -> str:
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Value) -> Value:
    return str(value).lower() if isinstance(value, bool) else value
