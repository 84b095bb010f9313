"""Names for the pairs of a claim, as short as tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reidbench.config.claim import value_text
from reidbench.leaderboard.claims.pairs import FIELDS, Pair
from reidbench.leaderboard.row_trials import RowTrials


def labels(pairs: Sequence[Pair]) -> list[str]:
    """Name each pair by what tells it from the others: ``l1 against psfp (market1501)``."""
    of_rows = _distinguishing([pair.row for pair in pairs if pair.row])
    of_counterparts = _distinguishing([pair.counterpart for pair in pairs if pair.counterpart])
    return [_label(pair, of_rows, of_counterparts) for pair in pairs]


def _label(pair: Pair, of_rows: Sequence[str], of_counterparts: Sequence[str]) -> str:
    row, other = pair.row, pair.counterpart
    if row is None:
        return pair.absent
    if other is None:
        values = _values(row, of_rows)
        return f"{pair.absent} (for {values})" if values else pair.absent
    differ = {field for field in FIELDS if getattr(row.id, field) != getattr(other.id, field)}
    its = [field for field in of_counterparts if field in differ]
    if not its:
        return _values(row, of_rows)
    own = [field for field in FIELDS if field in differ and field in (*of_rows, *its)]
    both = _values(row, [field for field in of_rows if field not in differ])
    versus = f"{_values(row, own)} against {_values(other, its)}"
    return f"{versus} ({both})" if both else versus


def _values(row: RowTrials, fields: Iterable[str]) -> str:
    return ", ".join(value_text(getattr(row.id, field)) for field in fields)


def _distinguishing(rows: Sequence[RowTrials]) -> list[str]:
    """Return the fewest fields, the likelier first, whose values tell the rows apart."""
    fields: list[str] = []
    for field in FIELDS:
        known, finer = (
            {tuple(getattr(row.id, it) for it in chosen) for row in rows}
            for chosen in (fields, [*fields, field])
        )
        if len(finer) > len(known):
            fields.append(field)
    return fields
