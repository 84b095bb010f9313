"""What a row is, in a table and in a claim alike: trials that differ in their seed alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from reidbench.config.claim import Metric
from reidbench.leaderboard.model import TableSetting, UsedComponent
from reidbench.leaderboard.splits import is_pooled
from reidbench.results import ComponentId, Result, TrialId

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
TestSet = tuple[str, tuple[int, ...]]
"""A target, and the identity of each of its queries; none of a row of several splits."""


@dataclass(frozen=True, eq=False)
class RowTrials:
    """The trials of one row, sorted by their names."""

    trials: tuple[Result, ...]
    asked: frozenset[int] = frozenset()
    """The seeds that its suite asks for."""

    @property
    def id(self) -> TrialId:
        """The name of its first trial, which the others share but for the seed."""
        return self.trials[0].trial

    @property
    def components(self) -> Mapping[str, ComponentId]:
        """The components of all its trials, by role."""
        return self.trials[0].components

    @property
    def method(self) -> UsedComponent:
        """The method's component; what was not recorded reads ``?``."""
        unknown = UsedComponent("method", self.id.method, "?", "?")
        return next((it for it in used_components(self.trials[0]) if it.role == "method"), unknown)

    @cached_property
    def setting(self) -> TableSetting:
        """What it has in common with all rows of its table."""
        trial, result = self.id, self.trials[0]
        return TableSetting(
            drawn=result.drawn,
            scenario=trial.scenario,
            backbone=trial.backbone,
            source=trial.source or "",
            target=trial.target,
            protocol=result.protocol.get("name", "?"),
            protocol_hash=result.protocol.get("sha256", "?"),
            division=result.division,
            engine=result.engine,
            components=tuple(it for it in used_components(result) if it.role != "method"),
        )

    @property
    def comparison_group(self) -> tuple[tuple[str, str], int, str, bool]:
        """What rows must share to be compared, or to be judged together."""
        it = self.setting
        return (it.protocol, it.protocol_hash), it.engine, it.division, it.drawn

    @property
    def is_dense(self) -> bool:
        """Whether it is a control that keeps every channel."""
        return self.id.control and self.id.reduction == 0

    @cached_property
    def seeds(self) -> frozenset[int]:
        """The seeds of its trials."""
        return frozenset(result.trial.seed for result in self.trials)

    @property
    def missing_seeds(self) -> tuple[int, ...]:
        """The seeds that were asked for and have no trial, not even one that failed."""
        return tuple(sorted(self.asked - self.seeds))

    @cached_property
    def scored(self) -> tuple[Result, ...]:
        """The trials with scores to show."""
        return tuple(filter(is_scored, self.trials))

    @cached_property
    def test_set(self) -> TestSet:
        """What it was scored on; without queries where no trial was, or each on its own."""
        kept = (tuple(it.per_query.pids) for it in self.trials if it.per_query)
        return self.id.target, () if self.is_of_splits else next(kept, ())

    @property
    def is_of_splits(self) -> bool:
        """Whether its trials are of several splits of a data set, each with its own people."""
        return is_pooled(self.id.target)


def gather(results: Iterable[Result], seeds: Iterable[int] = ()) -> list[RowTrials]:
    """Group results into rows; their order does not depend on that of the results.

    ``seeds`` are those that the suite asks for. Where they are not known, the rows of a section
    tell each other: each is asked for the seeds that any of them has.
    """
    ordered = sorted(results, key=lambda result: (str(result.trial), result.key))
    rows = [RowTrials(tuple(trials)) for trials in grouped(ordered, _row_key).values()]
    known = frozenset(seeds)
    tables = grouped(rows, lambda row: row.setting)
    return [replace(row, asked=_asked(row, known, tables[row.setting])) for row in rows]


def _asked(row: RowTrials, known: frozenset[int], table: Iterable[RowTrials]) -> frozenset[int]:
    # The seeds of splits are pairs, which the suite does not name.
    return known if known and not row.is_of_splits else _seeds_of_section(row, table)


def _seeds_of_section(row: RowTrials, table: Iterable[RowTrials]) -> frozenset[int]:
    """Return the seeds of any row of its section; the dense network is in all of them."""
    beside = (
        it.seeds
        for it in table
        if row.is_dense or it.is_dense or it.id.reduction == row.id.reduction
    )
    return frozenset[int]().union(*beside)


def _row_key(result: Result) -> Hashable:
    row = RowTrials((result,))
    return row.setting, row.method, row.id.model_copy(update={"seed": 0})


def is_scored(result: Result) -> bool:
    """Whether a result has scores to show; those of a diverged network mean nothing."""
    return result.status == "done" and result.scores is not None


def used_components(result: Result) -> tuple[UsedComponent, ...]:
    """Return a result's components, sorted by what they were used as."""
    return tuple(
        UsedComponent(role, it.name, it.version, it.distribution, it.content or "")
        for role, it in sorted(result.components.items(), key=lambda item: item[0])
    )


def query_scores(result: Result, metric: Metric) -> list[float | None]:
    """Return the score of each query, None if excluded; an empty list if none was kept."""
    if result.per_query is None:
        return []
    if metric == "mAP":
        return result.per_query.average_precision
    first_match = result.per_query.first_match or []
    return [None if rank is None else float(rank == 1) for rank in first_match]


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Group items by a key, both in the order of their first appearance."""
    groups: dict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
