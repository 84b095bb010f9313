"""A leaderboard for a terminal: the columns that fit, the most important ones first."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence

from tabulate import tabulate

from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.model import Leaderboard, Row, Table
from reidbench.leaderboard.render import claim_columns, page, reported_columns
from reidbench.leaderboard.render.columns import Column, R
from reidbench.leaderboard.render.row_columns import PAGE_COLUMNS

WIDTH = 100
GAP = 2
INDENT = " " * 11
"""Of the lines below a verdict: as wide as the longest verdict."""

LEGEND = (
    "Rank: every rank that a row may have, given other seeds and other people, in a table of "
    "splits other splits of the same people; *: may be the best. -: not ranked: a seed that "
    "failed or is missing, a single seed, off target, or off budget (trains for the dense "
    "network's compute, not its epochs). ref.: the unpruned network. red.: achieved reduction of "
    "MACs. ±: standard deviation over seeds. Δ mAP: to dense, with the 95 % interval of what "
    "these would give; (in round brackets): of one seed, so it says how two networks differ over "
    "other people, and nothing of methods."
)


def to_terminal(
    leaderboard: Leaderboard, width: int = WIDTH, columns: Collection[str] | None = None
) -> str:
    """Write the tables without the columns ``width`` has no room for; rank and method stay.

    ``columns`` are shown however wide that is.
    """
    shown = [
        it for it in PAGE_COLUMNS if (it.weight >= 0 if columns is None else it.name in columns)
    ]
    room = width if columns is None else sys.maxsize
    parts = ["\n".join(_table(table, width, shown, room)) for table in leaderboard.tables]
    if leaderboard.claims:
        parts.append("\n".join(_claims(leaderboard.claims, width)))
    return "\n\n".join([*parts, textwrap.fill(LEGEND, width)]) + "\n"


def _table(table: Table, width: int, columns: Sequence[Column[Row]], room: int) -> Iterator[str]:
    setting = table.setting
    facts = (f"{setting.protocol} ({setting.protocol_hash[:12]})", f"{setting.division} division")
    notes = page.numbered_notes(table)
    yield from textwrap.wrap(page.title(setting), width)
    yield from textwrap.wrap(" · ".join(filter(None, (*facts, page.queries(table)))), width)
    yield from textwrap.wrap(page.versions(setting), width)
    yield from textwrap.wrap(page.caveat(setting), width)
    yield ""
    yield from _sections(table, notes, columns, room)
    yield ""
    for note, number in notes.items():
        yield from textwrap.wrap(f"[{number}] {note}", width, subsequent_indent="    ")
    if table.reported:
        yield from ("",) if notes else ()
        yield from _reported(table, width)


def _claims(verdicts: Sequence[Verdict], width: int) -> Iterator[str]:
    """Write every claim under its verdict, with what that is based on."""
    yield f"{claim_columns.CLAIMS} ".ljust(width, "-")
    for verdict in verdicts:
        head = f"{verdict.standing}  {verdict.claim.name}: {claim_columns.sentence(verdict)}"
        yield from textwrap.wrap(head, width, subsequent_indent=INDENT)
        for line in (claim_columns.outcome(verdict), " ".join(claim_columns.basis(verdict))):
            yield from textwrap.wrap(line, width, initial_indent=INDENT, subsequent_indent=INDENT)
        yield ""
    yield from textwrap.wrap(claim_columns.CLAIMS_LEGEND, width)


def _sections(
    table: Table, notes: Mapping[str, int], columns: Sequence[Column[Row]], width: int
) -> Iterator[str]:
    """Write all sections as one grid, so that their columns line up, with headings between."""
    placed = [(section, row) for _, section in page.blocks(table) for row in section.all_rows]
    rows = [row for _, row in placed]
    first = [
        ["rank", *(_rank(page.rank(section, row), row) for section, row in placed)],
        ["method", *(_method(row, notes) for row in rows)],
    ]
    room = width - GAP - sum(map(_width, first))
    head, *body = _grid([*first, *_fitting(columns, rows, room)])
    lines = iter(body)
    yield head
    for heading, section in page.blocks(table):
        yield f"{heading} ".ljust(len(head), "-")
        yield from (next(lines) for _ in section.all_rows)


def _rank(text: str, row: Row) -> str:
    """Mark the rank set of a row that may be best, and keep the others in line with it."""
    return f"{text}{'*' if page.may_be_best(row) else ' '}"


def _method(row: Row, notes: Mapping[str, int]) -> str:
    """Name a row and what is special about it, as ``l1 failed [2]``."""
    return " ".join([row.label, *page.flags(row), *(f"[{notes[note]}]" for note in row.notes)])


def _reported(table: Table, width: int) -> Iterator[str]:
    yield from textwrap.wrap(f"{reported_columns.REPORTED}. {reported_columns.CAUTION}", width)
    yield ""
    yield from _grid(_fitting(reported_columns.REPORTED_COLUMNS, table.reported, width + GAP))
    yield ""
    for citation in reported_columns.citations(table):
        yield from textwrap.wrap(citation, width, subsequent_indent="    ")


def _fitting(columns: Sequence[Column[R]], rows: Sequence[R], room: int) -> list[list[str]]:
    """Choose columns that fit into ``room`` characters, by their weight, in their order."""
    cells = [[it.short or it.heading, *map(it.cell, rows)] for it in columns]
    kept = set()
    for index in sorted(range(len(columns)), key=lambda index: -columns[index].weight):
        need = GAP + _width(cells[index])
        if need <= room:
            room -= need
            kept.add(index)
    return [cells[index] for index in sorted(kept)]


def _grid(columns: Sequence[Sequence[str]]) -> list[str]:
    """Write columns, each under its heading, as lines; all but the second align right."""
    # The headings go in as a row: tabulate would pad real ones by two more characters.
    return tabulate(
        list(zip(*columns, strict=True)),
        tablefmt="plain",
        colalign=("right", "left", *("right" for _ in columns))[: len(columns)],
        disable_numparse=True,
    ).splitlines()


def _width(cells: Sequence[str]) -> int:
    return max(map(len, cells))
