"""A leaderboard for a terminal: the columns that fit, the most telling ones first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from tabulate import tabulate

from reidbench.leaderboard.claims.cells import CLAIMS, basis, outcome, sentence
from reidbench.leaderboard.claims.cells import LEGEND as CLAIMS_SAY
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.model import Leaderboard, Row, Section, Table
from reidbench.leaderboard.render.columns import (
    COLUMNS,
    Column,
    blocks,
    flags,
    numbered_notes,
    queries,
    rank,
    title,
    versions,
)
from reidbench.leaderboard.reported.columns import CAUTION, QUOTED, QUOTED_COLUMNS, citations

R = TypeVar("R")

WIDTH = 100
GAP = 2
INDENT = " " * 11
"""Of what stands under a verdict: as wide as the longest of them."""

LEGEND = (
    "Rank: shared (=) with the best row of that rank until a row is clearly worse, its interval "
    "of difference excluding 0. -: not ranked: a failed seed, off target, or off budget (trains "
    "for the dense network's compute, not its epochs). ref.: the unpruned network. red.: achieved "
    "reduction of MACs. ±: standard deviation over seeds; Δ mAP to dense with a 95 % interval over "
    "identities and seeds."
)


def to_terminal(leaderboard: Leaderboard, width: int = WIDTH) -> str:
    """Write the tables without the columns ``width`` has no room for; rank and method stay."""
    blocks = ["\n".join(_table(table, width)) for table in leaderboard.tables]
    if leaderboard.claims:
        blocks.append("\n".join(_claims(leaderboard.claims, width)))
    return "\n\n".join([*blocks, textwrap.fill(LEGEND, width)]) + "\n"


def _table(table: Table, width: int) -> Iterator[str]:
    setting = table.setting
    facts = (f"{setting.protocol} ({setting.protocol_hash[:12]})", f"{setting.division} division")
    yield from textwrap.wrap(title(setting), width)
    yield from textwrap.wrap(" · ".join(filter(None, (*facts, queries(table)))), width)
    yield from textwrap.wrap(versions(setting), width)
    yield ""
    yield from _grid(table, width)
    yield ""
    notes = numbered_notes(table)
    for note, number in notes.items():
        yield from textwrap.wrap(f"[{number}] {note}", width, subsequent_indent="    ")
    if table.quotations:
        yield from ("",) if notes else ()
        yield from _quoted(table, width)


def _claims(verdicts: Sequence[Verdict], width: int) -> Iterator[str]:
    """Write every claim under its verdict, with what that rests on."""
    yield f"{CLAIMS} ".ljust(width, "-")
    for verdict in verdicts:
        yield from textwrap.wrap(
            f"{verdict.standing}  {verdict.claim.name}: {sentence(verdict)}",
            width,
            subsequent_indent=INDENT,
        )
        for line in (outcome(verdict), " ".join(basis(verdict))):
            yield from textwrap.wrap(line, width, initial_indent=INDENT, subsequent_indent=INDENT)
        yield ""
    yield from textwrap.wrap(CLAIMS_SAY, width)


def _grid(table: Table, width: int) -> Iterator[str]:
    """Lay out all sections as one grid, so that their columns line up, then put titles between."""
    rows = [row for _, section in blocks(table) for row in section.all_rows]
    numbers = numbered_notes(table)
    places = [_rank(section, row) for _, section in blocks(table) for row in section.all_rows]
    columns = [["rank", *places], ["method", *(_method(row, numbers) for row in rows)]]
    room = width - GAP - sum(map(_width, columns))
    columns += _fitting(COLUMNS, rows, room)
    # The headings go in as a row: tabulate would pad real ones by two more characters.
    head, *body = tabulate(
        list(zip(*columns, strict=True)),
        tablefmt="plain",
        colalign=("right", "left", *("right" for _ in columns[2:])),
        disable_numparse=True,
    ).splitlines()
    lines = iter(body)
    yield head
    for heading, section in blocks(table):
        yield f"{heading} ".ljust(len(head), "-")
        yield from (next(lines) for _ in section.all_rows)


def _rank(section: Section, row: Row) -> str:
    return "ref." if row is section.reference else rank(row)


def _method(row: Row, numbers: Mapping[str, int]) -> str:
    """Name a row and what is special about it, as ``l1 failed [2]``."""
    return " ".join([row.label, *flags(row), *(f"[{numbers[note]}]" for note in row.notes)])


def _quoted(table: Table, width: int) -> Iterator[str]:
    yield from textwrap.wrap(f"{QUOTED}. {CAUTION}", width)
    yield ""
    columns = _fitting(QUOTED_COLUMNS, table.quotations, width + GAP)
    yield from tabulate(
        list(zip(*columns, strict=True)),
        tablefmt="plain",
        colalign=("right", "left", *("right" for _ in columns))[: len(columns)],
        disable_numparse=True,
    ).splitlines()
    yield ""
    for citation in citations(table):
        yield from textwrap.wrap(citation, width, subsequent_indent="    ")


def _fitting(columns: Sequence[Column[R]], rows: Sequence[R], room: int) -> list[list[str]]:
    """Choose columns that fit into ``room`` characters, the weightiest first, in their order."""
    cells = [[column.brief, *map(column.cell, rows)] for column in columns]
    kept = set()
    for index in sorted(range(len(columns)), key=lambda index: -columns[index].weight):
        need = GAP + _width(cells[index])
        if need <= room:
            room -= need
            kept.add(index)
    return [cells[index] for index in sorted(kept)]


def _width(cells: Sequence[str]) -> int:
    return max(map(len, cells))
