"""The registry of columns: each fact once, under a name of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest

from reidbench.leaderboard import Row
from reidbench.leaderboard.render.claim_columns import CLAIM_COLUMNS
from reidbench.leaderboard.render.columns import Column, attribute, percent, signed, values
from reidbench.leaderboard.render.reported_columns import REPORTED_COLUMNS
from reidbench.leaderboard.render.row_columns import PAGE_COLUMNS, ROW_COLUMNS
from tests.leaderboard.builders import dense, result, twice
from tests.leaderboard.pages import only_table


def row() -> Row:
    (found,) = only_table(twice([dense(), result("l1")])).sections[0].rows
    return found


@pytest.mark.parametrize("columns", [ROW_COLUMNS, CLAIM_COLUMNS, REPORTED_COLUMNS])
def test_no_two_columns_share_a_name_or_a_heading(columns: tuple[Column[Any], ...]) -> None:
    names = [column.name for column in columns]
    headings = [column.heading for column in columns if column.heading]
    csv_headings = [heading for column in columns for heading in column.values]
    for found in (names, headings, csv_headings):
        assert [it for it, count in Counter(found).items() if count > 1] == []


def test_every_column_of_a_page_is_in_the_registry_and_has_a_cell() -> None:
    assert all(column in ROW_COLUMNS for column in PAGE_COLUMNS)
    assert all(column.heading and column.cell(row()) for column in PAGE_COLUMNS)


def test_every_field_of_a_row_is_in_a_column() -> None:
    """A field that no column reads is on no page.

    Pages write the label themselves; timings have columns of each engine, found by the networks.
    """
    whole = values(ROW_COLUMNS, row())
    unseen, lists = set(), {"notes": ("a", "b"), "missing_seeds": (7,)}
    for field in fields(Row):
        changed = replace(row(), **{field.name: lists.get(field.name)})
        if field.name == "setting":
            changed = replace(row(), setting=replace(row().setting, engine=99))
        if values(ROW_COLUMNS, changed) == whole:
            unseen.add(field.name)
    assert unseen == {"label", "networks", "timings"}


def test_an_attribute_is_read_by_its_path_and_nothing_where_a_part_is_missing() -> None:
    assert attribute("delta_interval.low")(row()) == row().delta_interval.low  # type: ignore[union-attr]
    assert attribute("delta_interval.low")(replace(row(), delta_interval=None)) is None
    with pytest.raises(AttributeError):
        attribute("no_such_field")(row())


@pytest.mark.parametrize(
    ("share", "text"), [(0.0123, "+1.2"), (-0.0123, "-1.2"), (-0.0001, "0.0"), (0.0001, "0.0")]
)
def test_a_difference_has_a_sign_unless_it_rounds_to_nothing(share: float, text: str) -> None:
    assert signed(share) == text


def test_what_is_unknown_is_a_dash() -> None:
    assert percent(None) == "-"
