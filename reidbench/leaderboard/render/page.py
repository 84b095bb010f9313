"""What every page shows around its rows: titles, headings, marks and notes."""

from __future__ import annotations

from collections.abc import Iterator

from reidbench.config import protocol
from reidbench.leaderboard.model import Row, Section, Table, TableSetting
from reidbench.leaderboard.render.columns import NOTHING
from reidbench.leaderboard.splits import is_pooled

OTHER_NETWORKS = "Other dense networks"


def title(setting: TableSetting) -> str:
    """Name a table by its data, network and scenario."""
    data = f"{setting.source} → {setting.target}" if setting.source else setting.target
    drawn = " (drawn data)" if setting.drawn else ""
    return f"{data}{drawn}, {setting.backbone}, {setting.scenario}"


def blocks(table: Table) -> Iterator[tuple[str, Section]]:
    """Yield the headings of a table, each with the rows below it."""
    for section in table.sections:
        reduction = f"{100 * section.reduction:g} % fewer MACs"
        yield reduction if section.reduction else "Nothing removed", section
    if table.other_networks:
        rows = table.other_networks
        yield OTHER_NETWORKS, Section(reduction=0.0, reference=table.reference, rows=rows)


def queries(table: Table) -> str:
    """Say how many queries count, or return nothing if no trial was scored."""
    if table.valid_queries is None:
        return ""
    left_out = f" ({table.excluded_queries} without a match left out)"
    queries = f"{table.valid_queries} queries{left_out if table.excluded_queries else ''}"
    if not is_pooled(table.setting.target):
        return queries
    # A split takes the place of a seed, and no person is in all of them.
    return (
        f"{queries} of one split; a seed is a split and a seed, and intervals are of these people"
    )


def versions(setting: TableSetting) -> str:
    """Name what two tables of one title can differ in: the engine and the shared components."""
    return ", ".join([f"engine v{setting.engine}", *map(str, setting.components)])


def caveat(setting: TableSetting) -> str:
    """Say what a table under its published protocol does not show; empty where nothing is known."""
    return protocol.caveat(setting.protocol, setting.protocol_hash)


def rank(section: Section, row: Row) -> str:
    """Write the rank set of a row in its section, ``4-26``."""
    if row is section.reference:
        return "ref."
    return NOTHING if row.rank is None else str(row.rank)


def may_be_best(row: Row) -> bool:
    """Whether no row of its section is known to be better."""
    return row.rank is not None and row.rank.may_be_best


def flags(row: Row) -> list[str]:
    """Say in a word or two what a reader must not miss about a row."""
    marks = {
        row.status: row.status != "done",
        "off target": not row.matched,
        "noisy": row.noisy,
    }
    return [mark for mark, holds in marks.items() if holds]


def numbered_notes(table: Table) -> dict[str, int]:
    """Number the notes of a table's rows; rows with the same note share its number."""
    rows = (*table.unique_rows, *table.other_networks)
    notes = dict.fromkeys(note for row in rows for note in row.notes)
    return {note: number for number, note in enumerate(notes, start=1)}
