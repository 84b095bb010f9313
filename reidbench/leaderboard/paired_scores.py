"""Differences of rows that were scored on the same queries: resampled together, seed by seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from reidbench.config.claim import Metric
from reidbench.errors import ReidbenchError
from reidbench.leaderboard.row_trials import RowTrials, TestSet, query_scores
from reidbench.leaderboard.statistics import (
    Interval,
    MeanScore,
    Resamples,
    pooled_difference,
    resample,
)


class LeaderboardError(ReidbenchError):
    """Results that contradict each other."""


class PairedScores:
    """Scores of rows and their differences; draws and means are computed once."""

    def __init__(self, rows: Iterable[RowTrials]) -> None:
        self._seeds = sorted({seed for row in rows for seed in row.seeds})
        self._resamples: dict[tuple[TestSet, int], Resamples] = {}
        self._means: dict[tuple[RowTrials, Metric, int], MeanScore] = {}

    def difference(
        self,
        pairs: Sequence[tuple[RowTrials, RowTrials]],
        metric: Metric = "mAP",
        comparisons: int = 1,
    ) -> Interval | None:
        """Return the mean of first minus second; None if a row is unscored, or no seed shared.

        All rows on one test set share the identities drawn; different test sets draw independently.
        The interval is wider for one of several ``comparisons`` of which any may decide.
        """
        if not all(row.scored for pair in pairs for row in pair):
            return None
        # Numbered within these pairs, so that a claim on one pair has the draws of its table.
        sets = sorted({row.test_set for pair in pairs for row in pair})

        def mean(row: RowTrials) -> MeanScore:
            return self.mean(row, metric, sets.index(row.test_set))

        means = [(mean(first), mean(second)) for first, second in pairs]
        return pooled_difference(means, comparisons=comparisons)

    def mean(self, row: RowTrials, metric: Metric = "mAP", test_set: int = 0) -> MeanScore:
        """Return the mean score of a row that was scored, under the draws of its test set."""
        if (row, metric, test_set) not in self._means:
            draws = self._draws(row.test_set, test_set)
            found = {it.trial.seed: query_scores(it, metric) for it in row.scored}
            missing: list[float | None] = [None] * len(draws.identity)
            scores = [found.get(seed, missing) for seed in self._seeds]
            self._means[row, metric, test_set] = draws.mean_score(scores)
        return self._means[row, metric, test_set]

    def _draws(self, queries: TestSet, number: int) -> Resamples:
        if (queries, number) not in self._resamples:
            self._resamples[queries, number] = resample(queries[1], test_set=number)
        return self._resamples[queries, number]


def mean_difference(row: RowTrials, other: RowTrials) -> float | None:
    """Return the difference in mAP, a mean over the seeds that both rows were scored with."""
    first, second = (
        {it.trial.seed: it.scores.final.mAP for it in each.scored if it.scores}
        for each in (row, other)
    )
    shared = sorted(first.keys() & second.keys())
    return fmean(first[seed] - second[seed] for seed in shared) if shared else None


def refuse_different_queries(rows: Iterable[RowTrials]) -> None:
    """Refuse rows of one target that were scored on different queries.

    Raises:
        LeaderboardError: they were.

    """
    scored = [(it, it.per_query.pids) for row in rows for it in row.trials if it.per_query]
    for result, pids in scored:
        if pids != scored[0][1]:
            raise LeaderboardError(
                f"{scored[0][0].key}.json and {result.key}.json ({result.trial}) were scored on "
                "different queries and cannot share a table: run the older of them again"
            )
