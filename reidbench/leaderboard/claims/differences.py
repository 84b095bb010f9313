"""Differences of pairs of rows, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from reidbench.config.claim import Metric
from reidbench.leaderboard.claims.claim_rows import Line, TestSet, per_query_scores
from reidbench.leaderboard.claims.pairs import Pair
from reidbench.leaderboard.statistics import (
    Interval,
    MeanScore,
    Resamples,
    pooled_difference,
    resample,
)


class Differences:
    """Differences of pairs of rows; draws and means that pairs share are computed once."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._seeds = sorted({seed for line in lines for seed in line.seeds})
        self._resamples: dict[tuple[TestSet, int], Resamples] = {}
        self._means: dict[tuple[Line, Metric, int], MeanScore] = {}

    def of(self, pairs: Sequence[Pair], metric: Metric, looks: int = 1) -> Interval:
        """Return the mean difference of pairs that nothing stands in the way of judging.

        Its interval is wider for being one of ``looks`` of which any may decide.

        All rows on one test set share the identities drawn; different test sets draw independently.
        """
        sets = sorted({line.test_set for pair in pairs for line in pair.lines})
        score = partial(self._mean, metric, sets)
        scores = [(score(first), score(second)) for first, second in (p.lines for p in pairs)]
        interval = pooled_difference(scores, looks=looks)
        assert interval is not None  # the pairs share seeds
        return interval

    def _mean(self, metric: Metric, sets: Sequence[TestSet], line: Line) -> MeanScore:
        # Numbered among those judged together, so that one alone has the draws of its table.
        number = sets.index(line.test_set)
        if (line, metric, number) not in self._means:
            mean = self._draws(line, number).mean_score(self._scores(line, metric))
            self._means[line, metric, number] = mean
        return self._means[line, metric, number]

    def _draws(self, line: Line, number: int) -> Resamples:
        key = (line.test_set, number)
        if key not in self._resamples:
            self._resamples[key] = resample(line.test_set[1], test_set=number)
        return self._resamples[key]

    def _scores(self, line: Line, metric: Metric) -> list[list[float | None]]:
        """Return ``(seeds, queries)``, aligned to the seeds of all rows."""
        found = {r.trial.seed: per_query_scores(r.per_query, metric) for r in line.trials}
        nothing: list[float | None] = [None] * len(line.test_set[1])
        return [found.get(seed, nothing) for seed in self._seeds]
