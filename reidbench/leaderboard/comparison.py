"""Two folders of results side by side: what differs, and whether they agree.

Networks of two machines share no seeds, so each row is compared with the dense row beside it, and
the two differences with one another.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import hypot

from reidbench.leaderboard.model import Leaderboard, Row, Table, TableSetting
from reidbench.leaderboard.provenance import UNKNOWN
from reidbench.results import Result

FACTS = ("reidbench", "commit", "torch", "hardware", "threads", "device")


@dataclass(frozen=True)
class PairOfRows:
    """One row in two folders."""

    first: Row
    second: Row
    repeated: frozenset[str] = frozenset()
    """Their networks whose trials stand in both folders, to the last digit."""

    @property
    def difference(self) -> float | None:
        """How much less the row loses to its dense network in the second folder."""
        if self.first.delta is None or self.second.delta is None:
            return None
        return self.second.delta - self.first.delta

    @property
    def half_width(self) -> float | None:
        """Of the 95 % interval of ``difference``: the variances of both add up."""
        ends = [row.delta_interval for row in (self.first, self.second)]
        halves = [(it.high - it.low) / 2 for it in ends if it and not it.of_networks]
        return hypot(*halves) if len(halves) == 2 else None

    @property
    def is_same(self) -> bool:
        """Whether one set of results stands in both folders."""
        own, its = {*self.first.networks}, {*self.second.networks}
        return bool(own) and own == its == self.repeated

    @property
    def agrees(self) -> bool | None:
        """Whether the interval holds 0; None where a single seed or no dense row says nothing."""
        if self.difference is None or self.half_width is None:
            return None
        return abs(self.difference) <= self.half_width


@dataclass(frozen=True)
class Comparison:
    """What two folders have in common, and what they do not."""

    pairs: tuple[PairOfRows, ...]
    only_first: tuple[Row, ...]
    only_second: tuple[Row, ...]
    differing: tuple[tuple[str, str, str], ...]
    """A fact of how the results were made, in the first folder and in the second."""

    @property
    def judged(self) -> tuple[PairOfRows, ...]:
        """The rows that agree or do not: results of their own on both sides, of several seeds."""
        return tuple(it for it in self.pairs if it.agrees is not None and not it.is_same)


def compare(
    first: Leaderboard, second: Leaderboard, repeated: frozenset[str] = frozenset()
) -> Comparison:
    """Compare the rows of two leaderboards that are of one setting, whatever their versions.

    ``repeated`` are the networks that :func:`in_both` names.
    """
    ours, theirs = _rows(first), _rows(second)
    return Comparison(
        pairs=tuple(
            PairOfRows(row, theirs[key], repeated & {*row.networks} & {*theirs[key].networks})
            for key, row in ours.items()
            if key in theirs
        ),
        only_first=tuple(row for key, row in ours.items() if key not in theirs),
        only_second=tuple(row for key, row in theirs.items() if key not in ours),
        differing=tuple(_differing(first, second)),
    )


def in_both(first: Iterable[Result], second: Iterable[Result]) -> frozenset[str]:
    """Return the networks of results that two folders have in common, scores and all.

    One trial has one key wherever it is run: times and machine tell two runs of it apart.
    """
    ours = {result.key: result for result in first}
    return frozenset(
        result.phases[-1].key
        for result in second
        if result.phases and result.key in ours and _measured(result) == _measured(ours[result.key])
    )


def _measured(result: Result) -> object:
    # Not the queries, which are rounded when results are packed.
    return result.scores, result.phases, result.provenance


def _rows(board: Leaderboard) -> dict[Hashable, Row]:
    return {_key(row): row for table in board.tables for row in table.unique_rows}


def same_setting(one: Table, other: Table) -> bool:
    """Return whether two tables are of one setting, whatever versions they were made with."""
    return _setting(one.setting) == _setting(other.setting)


def _setting(its: TableSetting) -> Hashable:
    return its.scenario, its.backbone, its.source, its.target, its.protocol_hash, its.division


def _key(row: Row) -> Hashable:
    return _setting(row.setting), row.method, row.strategy, row.allocation, row.reduction


def _differing(first: Leaderboard, second: Leaderboard) -> Iterator[tuple[str, str, str]]:
    ours, theirs = _facts(first), _facts(second)
    for name in ours:
        # A component that one folder lacks is no difference in how the common rows were made.
        if name in theirs and ours[name] != theirs[name]:
            yield name, ours[name], theirs[name]


def _facts(board: Leaderboard) -> dict[str, str]:
    # A trial that does not apply was never run, and has no machine.
    ran = [it for it in board.origins if it.reidbench != UNKNOWN] or board.origins
    facts = {name: {getattr(origin, name) for origin in ran} for name in FACTS}
    facts["engine"] = {f"v{table.setting.engine}" for table in board.tables}
    for it in board.components:
        facts.setdefault(f"{it.role} {it.name}", set()).add(str(it))
    return {name: ", ".join(sorted(values)) for name, values in facts.items()}
