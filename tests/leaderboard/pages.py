"""What tests read from pages: the golden ones, the cells of Markdown, the rows of CSV."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from reidbench.leaderboard import Row, Table, build
from reidbench.results import Result

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, page: str) -> None:
    """Compare a page with its golden file; one that is missing is written, and the test fails."""
    golden = GOLDEN / name
    if not golden.exists():
        golden.write_text(page, encoding="utf-8")
        pytest.fail(f"{name} was missing and has been written; read it, then run again")
    assert page == golden.read_text(encoding="utf-8")


def cells(page: str) -> list[list[str]]:
    """Split every table row of a Markdown page."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in page.splitlines()
        if line.startswith("|")
    ]


def csv_rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV by heading; there must be some."""
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    return rows


def only_table(results: list[Result]) -> Table:
    """Return the one table that these results make."""
    (table,) = build(results).tables
    return table


def only_row(results: list[Result], method: str) -> Row:
    """Return the one row of a method in the one table that these results make."""
    (found,) = [row for row in only_table(results).unique_rows if row.method == method]
    return found
