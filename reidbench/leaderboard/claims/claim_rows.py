"""The rows of all tables as a claim sees them: their names, and whether they may be judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reidbench.config.claim import Metric, Selector
from reidbench.leaderboard.rows import is_scored
from reidbench.results import ComponentId, PerQuery, Result, TrialId

NOT_APPLICABLE = "not applicable"
WITHOUT_FIRST_MATCH = "older results lack the rank-1 of each query"

TestSet = tuple[str, tuple[int, ...]]
"""A target, and whose its queries are."""


@dataclass(frozen=True, eq=False)
class Line:
    """The trials of one row of a table, which differ in their seed alone."""

    trials: tuple[Result, ...]

    @property
    def id(self) -> TrialId:
        """Any of its trials: all are the same but for the seed."""
        return self.trials[0].trial

    @property
    def components(self) -> Mapping[str, ComponentId]:
        """What all its trials are made of."""
        return self.trials[0].components

    @cached_property
    def world(self) -> tuple[object, ...]:
        """What rows must share to be compared, or to be judged together."""
        result = self.trials[0]
        protocol = tuple(sorted(result.protocol.items()))
        return protocol, result.engine, result.division, result.drawn

    @cached_property
    def seeds(self) -> frozenset[int]:
        """The seeds of its trials."""
        return frozenset(result.trial.seed for result in self.trials)

    @cached_property
    def test_set(self) -> TestSet:
        """What it was scored on; no queries without a score."""
        scored = (result.per_query.pids for result in self.trials if result.per_query)
        return self.id.target, tuple(next(scored, ()))

    def has(self, field: str, value: str | float) -> bool:
        """Whether a claim may call a field of it by this value: a label, or a component's name."""
        component = self.components.get(field)
        names = {getattr(self.id, field), component.name if component else None}
        return value in names

    def is_selected(self, selector: Selector) -> bool:
        """Whether it has one of the values of every field that is named."""
        named = selector.named.items()
        return all(any(self.has(field, value) for value in values) for field, values in named)

    def obstacle(self, metric: Metric) -> str:
        """Say why no claim can be judged by it, or nothing if one can.

        As in the ranking, good seeds do not speak for bad ones, nor a wrong reduction for the
        right one.
        """
        met = {result.status for result in self.trials}
        for status in (NOT_APPLICABLE, "failed", "diverged"):
            if status in met:
                return status
        if not all(is_scored(result) and result.matched for result in self.trials):
            return "off target"
        if not all(per_query_scores(result.per_query, metric) for result in self.trials):
            return WITHOUT_FIRST_MATCH
        return ""


def lines_of(results: Iterable[Result]) -> list[Line]:
    """Gather results to rows, in the order of their names."""
    groups: dict[object, list[Result]] = defaultdict(list)
    for result in results:
        line = Line((result,))
        row = result.trial.model_copy(update={"seed": 0})
        groups[row, line.world, tuple(sorted(result.components.items()))].append(result)
    lines = [Line(tuple(trials)) for trials in groups.values()]
    return sorted(lines, key=lambda line: str(line.id))


def per_query_scores(per_query: PerQuery | None, metric: Metric) -> list[float | None]:
    """Return what each query scores in a metric, None if excluded; nothing if it was not kept."""
    if per_query is None:
        return []
    if metric == "mAP":
        return per_query.average_precision
    return [None if rank is None else float(rank == 1) for rank in per_query.first_match or []]
