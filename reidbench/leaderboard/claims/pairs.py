"""The pairs that a claim speaks of: its rows, each with its counterparts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from reidbench.config.claim import Claim, Metric, Selector, written
from reidbench.leaderboard.claims.claim_rows import NOT_APPLICABLE, Line

FIELDS = (
    "method",
    "reduction",
    "strategy",
    "allocation",
    "scenario",
    "backbone",
    "source",
    "target",
)
"""In the order in which names tell rows apart."""

# Whoever names another method does not ask for this one's strategy, unless told so.
COMES_WITH = {"method": ("strategy", "allocation"), "scenario": ("source",)}

NOT_THERE = "not among the results"


@dataclass(frozen=True, eq=False)
class Pair:
    """A row and a counterpart; what is not among the results is None, and named in ``absent``."""

    row: Line | None
    counterpart: Line | None
    absent: str = ""

    @property
    def lines(self) -> tuple[Line, ...]:
        """The sides that are there."""
        return tuple(line for line in (self.row, self.counterpart) if line)

    @property
    def seeds(self) -> frozenset[int]:
        """The seeds that both sides have."""
        return frozenset.intersection(*(line.seeds for line in self.lines))

    def obstacle(self, metric: Metric) -> str:
        """Say why it cannot be judged, or nothing if it can."""
        found = [line.obstacle(metric) for line in self.lines]
        if self.absent:
            return NOT_APPLICABLE if NOT_APPLICABLE in found else NOT_THERE
        if any(found):
            return NOT_APPLICABLE if NOT_APPLICABLE in found else next(filter(None, found))
        targets, test_sets = (
            {line.id.target for line in self.lines},
            {line.test_set for line in self.lines},
        )
        if len(test_sets) > len(targets):
            return "scored on different queries"
        return "" if self.seeds else "without a seed in common"


def pairs_of(claim: Claim, lines: Sequence[Line]) -> list[Pair]:
    """Return every pair that a claim speaks of, also those that are not, or not wholly, there."""
    rows = [
        line
        for line in lines
        if line.is_selected(claim.rows) and (claim.rows.method or not line.id.control)
    ]
    missing = [
        Pair(None, None, ", ".join(map(written, choice))) for choice in _missing(claim.rows, rows)
    ]
    if claim.against is None:
        return [*_with_each_other(rows), *missing]
    held = _held(claim.rows, claim.against)
    found = [pair for row in rows for pair in _with_counterparts(row, claim.against, held, lines)]
    return found + missing


def _with_each_other(rows: Sequence[Line]) -> Iterator[Pair]:
    held = set(FIELDS) - {"method", *COMES_WITH["method"]}
    for row, other in combinations(rows, 2):
        if _are_alike(row, other, held):
            yield Pair(row, other)


def _with_counterparts(
    row: Line, against: Selector, held: Collection[str], lines: Sequence[Line]
) -> Iterator[Pair]:
    # A counterpart that keeps every channel has no reduction to share, nor a way to go about it.
    of_nothing = set(held) - {"reduction", "strategy", "allocation"}
    found = [
        line
        for line in lines
        if line is not row
        and line.is_selected(against)
        and _are_alike(row, line, of_nothing if _keeps_all(line) and against.method else held)
    ]
    yield from (Pair(row, line) for line in found)
    yield from (
        Pair(row, None, ", ".join(map(written, choice))) for choice in _missing(against, found)
    )


def _held(rows: Selector, against: Selector) -> set[str]:
    """Return the fields in which a row and its counterpart must be the same."""
    freed = {field for chosen in against.named for field in COMES_WITH.get(chosen, ())}
    return set(FIELDS) - set(against.named) - (freed - set(rows.named))


def _are_alike(row: Line, other: Line, held: Collection[str]) -> bool:
    shared = row.components.keys() & other.components.keys()
    mine, its = row.components, other.components
    return (
        row.world == other.world
        and all(getattr(row.id, field) == getattr(other.id, field) for field in held)
        # Two versions of one component are two things.
        and all(mine[role] == its[role] for role in shared if mine[role].name == its[role].name)
    )


def _keeps_all(line: Line) -> bool:
    return line.id.control and line.id.reduction == 0


def _missing(selector: Selector, found: Sequence[Line]) -> Iterator[tuple[str | float, ...]]:
    """Yield the combinations of the values named that nothing found has."""
    # A list of strategies covers methods that go by different ones, each by its own.
    named = {f: v for f, v in selector.named.items() if f not in COMES_WITH["method"]}
    for choice in product(*named.values()):
        if not any(all(map(line.has, named, choice)) for line in found):
            yield choice
