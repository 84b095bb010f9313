"""What became of a folder of results, as its rows show it: some states cost them their rank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reidbench.leaderboard.model import Leaderboard, Row, Section, Table

SET_ASIDE = ("superseded", "withdrawn")
"""States whose rows are shown without a rank, and last."""
DOUBTED = ("disputed", *SET_ASIDE)
"""States that every row says of itself in a note, with the evidence."""


@dataclass(frozen=True)
class FolderState:
    """The last event of a folder; ``name`` is empty where nobody has recorded one."""

    name: str = ""
    since: str = ""
    who: str = ""
    evidence: str = ""

    @property
    def is_set_aside(self) -> bool:
        """Whether its rows have no rank."""
        return self.name in SET_ASIDE

    @property
    def note(self) -> str:
        """What a reader must not miss, empty if there is nothing."""
        if self.name not in DOUBTED:
            return ""
        rank = "; not ranked" if self.is_set_aside else ""
        return f"{self.name} since {self.since} by {self.who}: {self.evidence}{rank}"


def in_state(board: Leaderboard, state: FolderState) -> Leaderboard:
    """Return the leaderboard of a folder in a state.

    Rows that are set aside lose their rank, and claims are undecided by them; every number stays.
    """
    claims = board.claims
    if state.is_set_aside:
        claims = tuple(
            replace(it, standing="undecided", notes=(state.note, *it.notes)) for it in claims
        )
    return replace(board, claims=claims, tables=tuple(_table(it, state) for it in board.tables))


def _table(table: Table, state: FolderState) -> Table:
    def section(it: Section) -> Section:
        reference = it.reference and _row(it.reference, state)
        return replace(it, reference=reference, rows=_rows(it.rows, state))

    return replace(
        table,
        sections=tuple(map(section, table.sections)),
        other_networks=_rows(table.other_networks, state),
    )


def _rows(rows: Iterable[Row], state: FolderState) -> tuple[Row, ...]:
    return tuple(_row(row, state) for row in rows)


def _row(row: Row, state: FolderState) -> Row:
    return replace(
        row,
        state=state.name,
        rank=None if state.is_set_aside else row.rank,
        notes=(*filter(None, [state.note]), *row.notes),
    )
