"""Names for the pairs of a claim, as short as tells them apart."""

from __future__ import annotations

from collections.abc import Sequence

from reidbench.config.claim import written
from reidbench.leaderboard.claims.claim_rows import Line
from reidbench.leaderboard.claims.pairs import FIELDS, Pair


def labels(pairs: Sequence[Pair]) -> list[str]:
    """Name each pair by what tells it from the others: ``l1 against psfp (market1501)``."""
    rows = _telling([pair.row for pair in pairs if pair.row])
    counterparts = _telling([pair.counterpart for pair in pairs if pair.counterpart])
    return [_label(pair, rows, counterparts) for pair in pairs]


def _label(pair: Pair, of_rows: Sequence[str], of_counterparts: Sequence[str]) -> str:
    row, other = pair.row, pair.counterpart
    if row is None:
        return pair.absent
    if other is None:
        words = _words(row, of_rows)
        return f"{pair.absent} (for {words})" if words else pair.absent
    differ = {field for field in FIELDS if getattr(row.id, field) != getattr(other.id, field)}
    its = [field for field in of_counterparts if field in differ]
    if not its:
        return _words(row, of_rows)
    own = [field for field in FIELDS if field in differ and field in (*of_rows, *its)]
    both = _words(row, [field for field in of_rows if field not in differ])
    versus = f"{_words(row, own)} against {_words(other, its)}"
    return f"{versus} ({both})" if both else versus


def _words(line: Line, fields: Sequence[str]) -> str:
    return ", ".join(written(getattr(line.id, field)) for field in fields)


def _telling(lines: Sequence[Line]) -> list[str]:
    """Return the fewest fields, the likelier first, whose values tell the rows apart."""
    telling: list[str] = []
    for field in FIELDS:
        keys = {tuple(getattr(line.id, known) for known in telling) for line in lines}
        finer = {tuple(getattr(line.id, known) for known in (*telling, field)) for line in lines}
        if len(finer) > len(keys):
            telling.append(field)
    return telling
