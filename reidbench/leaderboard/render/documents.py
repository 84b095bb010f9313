"""A leaderboard as JSON, and as one plain HTML page."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from typing import Any

from tabulate import tabulate

from reidbench.leaderboard.model import Leaderboard, Row, Section, Table
from reidbench.leaderboard.render import claim_columns, page
from reidbench.leaderboard.render.columns import Column, values
from reidbench.leaderboard.render.row_columns import MAIN_COLUMNS, PAGE_COLUMNS, ROW_COLUMNS


def to_json(leaderboard: Leaderboard) -> str:
    """Write every table with its rows as the CSV has them, numbers as numbers, unknown as null."""
    document = {
        "tables": [
            {
                "title": page.title(table.setting),
                "tolerance_points": 100 * table.tolerance,
                "queries": table.valid_queries,
                "sections": [_section(heading, section) for heading, section in page.blocks(table)],
            }
            for table in leaderboard.tables
        ],
        "claims": [values(claim_columns.CLAIM_COLUMNS, it) for it in leaderboard.claims],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _section(heading: str, section: Section) -> dict[str, Any]:
    rows = [
        {"label": row.label, "may_be_best": page.may_be_best(row), **values(ROW_COLUMNS, row)}
        | ({"timings": [it.model_dump() for it in row.timings]} if row.timings else {})
        for row in section.all_rows
    ]
    return {"heading": heading, "reduction": section.reduction, "rows": rows}


def to_html(leaderboard: Leaderboard, columns: Sequence[str] = MAIN_COLUMNS) -> str:
    """Write the tables as HTML without scripts or styles, every text escaped."""
    shown = [column for column in PAGE_COLUMNS if column.name in columns]
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Leaderboard</title>'
        "</head><body><h1>Leaderboard</h1>"
    ]
    for table in leaderboard.tables:
        parts += _table(table, shown)
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _table(table: Table, columns: Sequence[Column[Row]]) -> Iterator[str]:
    yield f"<h2>{html.escape(page.title(table.setting))}</h2>"
    facts = [table.setting.protocol, page.queries(table), page.versions(table.setting)]
    yield f"<p>{html.escape(' · '.join(filter(None, facts)))}</p>"
    if known := page.caveat(table.setting):
        yield f"<p><strong>{html.escape(known)}</strong></p>"
    heads = ["rank", "method", *(column.heading for column in columns)]
    for heading, section in page.blocks(table):
        yield f"<h3>{html.escape(heading)}</h3>"
        rows = [
            [
                page.rank(section, row) + ("*" if page.may_be_best(row) else ""),
                " ".join([row.label, *page.flags(row)]),
                *(column.cell(row) for column in columns),
            ]
            for row in section.all_rows
        ]
        yield tabulate(rows, headers=heads, tablefmt="html", disable_numparse=True)
    yield "<p>*: may be the best of its section.</p>"
