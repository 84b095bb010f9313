"""The pairs of rows that a claim compares: its rows, each with its counterparts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from reidbench.config.claim import Claim, Metric, Selector, value_text
from reidbench.leaderboard.row_trials import RowTrials, is_scored, query_scores
from reidbench.results import same_label

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
"""The fields that tell rows apart, in the order in which a label names them."""

# Another method is compared at its own strategy, unless the claim names one.
COMES_WITH = {"method": ("strategy", "allocation"), "scenario": ("source",)}

NOT_APPLICABLE = "not applicable"
INCOMPLETE = "incomplete, as a seed was not run"


@dataclass(frozen=True, eq=False)
class Pair:
    """A row and a counterpart; what is not among the results is None, and named in ``absent``."""

    row: RowTrials | None
    counterpart: RowTrials | None
    absent: str = ""

    @property
    def sides(self) -> tuple[RowTrials, ...]:
        """The rows of the pair that are among the results."""
        return tuple(row for row in (self.row, self.counterpart) if row)

    @property
    def seeds(self) -> frozenset[int]:
        """The seeds that both sides have."""
        return frozenset.intersection(*(row.seeds for row in self.sides))

    def blocker(self, metric: Metric) -> str:
        """Say why it cannot be judged, or return nothing if it can."""
        found = [blocker for row in self.sides if (blocker := _blocker(row, metric))]
        if NOT_APPLICABLE in found:
            return NOT_APPLICABLE
        if self.absent:
            return "not among the results"
        if found:
            return found[0]
        if len({row.test_set for row in self.sides}) > len({row.id.target for row in self.sides}):
            return "scored on different queries"
        return "" if self.seeds else "without a seed in common"


def _blocker(row: RowTrials, metric: Metric) -> str:
    """Say why no claim can be judged by a row, or return nothing if one can.

    As in the ranking, good seeds do not make up for bad or missing ones, nor a wrong reduction for
    the right one.
    """
    statuses = {result.status for result in row.trials}
    for status in (NOT_APPLICABLE, "failed", "diverged"):
        if status in statuses:
            return status
    if not all(is_scored(result) and result.matched for result in row.trials):
        return "off target"
    if row.missing_seeds:
        return INCOMPLETE
    if not all(query_scores(result, metric) for result in row.trials):
        return "older results lack the rank-1 of each query"
    return ""


def pairs_of(claim: Claim, table_rows: Sequence[RowTrials]) -> list[Pair]:
    """Return every pair that a claim is about, also those that are missing, or missing a side."""
    rows = [
        row
        for row in table_rows
        if _is_selected(row, claim.rows) and (claim.rows.method or not row.id.control)
    ]
    missing = [Pair(None, None, absent) for absent in _missing(claim.rows, rows)]
    if claim.against is None:
        same = set(FIELDS) - {"method", *COMES_WITH["method"]}
        alike = [pair for pair in combinations(rows, 2) if _are_alike(*pair, same)]
        return [*(Pair(*pair) for pair in alike), *missing]
    same = _shared_fields(claim.rows, claim.against)
    pairs = [it for row in rows for it in _with_counterparts(row, claim.against, same, table_rows)]
    return pairs + missing


def _with_counterparts(
    row: RowTrials, against: Selector, same: Collection[str], table_rows: Sequence[RowTrials]
) -> Iterator[Pair]:
    # A counterpart that keeps every channel has no reduction to share, nor a strategy.
    same_as_dense = set(same) - {"reduction", "strategy", "allocation"}
    found = [
        other
        for other in table_rows
        if other is not row
        and _is_selected(other, against)
        and _are_alike(row, other, same_as_dense if other.is_dense and against.method else same)
    ]
    yield from (Pair(row, other) for other in found)
    yield from (Pair(row, None, absent) for absent in _missing(against, found))


def _shared_fields(rows: Selector, against: Selector) -> set[str]:
    """Return the fields in which a row and its counterpart must be the same."""
    freed = {field for chosen in against.named for field in COMES_WITH.get(chosen, ())}
    return set(FIELDS) - set(against.named) - (freed - set(rows.named))


def _are_alike(row: RowTrials, other: RowTrials, same: Collection[str]) -> bool:
    mine, its = row.components, other.components
    return (
        row.comparison_group == other.comparison_group
        and all(getattr(row.id, field) == getattr(other.id, field) for field in same)
        # Two versions of one component are two different things.
        and all(
            mine[role] == its[role]
            for role in mine.keys() & its.keys()
            if mine[role].name == its[role].name
        )
    )


def _is_selected(row: RowTrials, selector: Selector) -> bool:
    named = selector.named.items()
    return all(any(_has(row, field, value) for value in values) for field, values in named)


def _has(row: RowTrials, field: str, value: str | float) -> bool:
    """Whether a claim may name a row's field by this value: a label, or a component's name."""
    component, own = row.components.get(field), getattr(row.id, field)
    if isinstance(value, str):
        return same_label(value, own) or bool(component and value == component.name)
    return bool(value == own)


def _missing(selector: Selector, found: Sequence[RowTrials]) -> Iterator[str]:
    """Name the combinations of the selected values that no row found has."""
    # A list of strategies covers methods that have different ones, each by its own.
    named = {f: v for f, v in selector.named.items() if f not in COMES_WITH["method"]}
    for choice in product(*named.values()):
        if not any(
            all(_has(row, *item) for item in zip(named, choice, strict=True)) for row in found
        ):
            yield ", ".join(map(value_text, choice))
