"""Differences of rows that were scored on the same queries with the same seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np

from reidbench.config.claim import Metric
from reidbench.errors import ReidbenchError
from reidbench.leaderboard.model import TableSetting
from reidbench.leaderboard.row_trials import RowTrials, grouped, query_scores
from reidbench.leaderboard.statistics.contrast import Estimate, Term, contrast
from reidbench.leaderboard.statistics.identity_scores import Array, identity_scores
from reidbench.leaderboard.statistics.seed_noise import SeedNoise
from reidbench.results import Result

Seeds = tuple[int, ...]
Section = tuple[TableSetting, float]
"""The setting of a table and a reduction; for dense networks, a setting without its backbone."""


class LeaderboardError(ReidbenchError):
    """Results that contradict each other."""


class PairedScores:
    """Scores of rows and their differences; what several differences need is computed once."""

    def __init__(self, rows: Iterable[RowTrials]) -> None:
        rows = list(rows)
        self._sections = grouped((row for row in rows if not row.is_dense), _own_section)
        for dense in (row for row in rows if row.is_dense):
            of_table = [it for it in self._sections if it[0] == dense.setting]
            for section in (*of_table, _own_section(dense)):
                self._sections.setdefault(section, []).append(dense)
        self._scores: dict[tuple[RowTrials, Metric], dict[int, Array]] = {}
        self._noise: dict[tuple[Section, Seeds, Metric], tuple[SeedNoise, list[RowTrials]]] = {}

    def difference(
        self, pairs: Sequence[tuple[RowTrials, RowTrials]], metric: Metric = "mAP"
    ) -> Estimate | None:
        """Estimate the mean of first minus second, over the seeds that all the rows have.

        None if a row is unscored, no seed is shared, or one seed and one person are all there is.
        """
        rows = {row for pair in pairs for row in pair}
        found = [self._of(row, metric).keys() for row in rows]
        seeds = tuple(sorted(frozenset.intersection(*map(frozenset, found))))
        if not seeds:
            return None
        terms = [
            self._term(sign / len(pairs), row, other, seeds, metric)
            for pair in pairs
            for sign, row, other in ((1, *pair), (-1, *pair[::-1]))
        ]
        return contrast(terms)

    def noise_of(self, row: RowTrials) -> tuple[SeedNoise, int] | None:
        """Return a row's section over the seeds that row was scored with, and its place there.

        None for a single seed.
        """
        seeds = tuple(sorted(self._of(row, "mAP")))
        return self._section(_section(row, row), seeds, "mAP", row) if len(seeds) > 1 else None

    def _term(
        self, weight: float, row: RowTrials, other: RowTrials, seeds: Seeds, metric: Metric
    ) -> Term:
        scores = self._of(row, metric)
        of_seeds = np.stack([scores[seed] for seed in seeds])
        if len(seeds) == 1:
            return Term(weight, row, of_seeds, row.test_set)
        noise, place = self._section(_section(row, other), seeds, metric, row)
        return Term(weight, row, of_seeds, row.test_set, noise, place)

    def _section(
        self, section: Section, seeds: Seeds, metric: Metric, row: RowTrials
    ) -> tuple[SeedNoise, int]:
        """Return the rows of a section that have these seeds, and the place of one of them."""
        if (section, seeds, metric) not in self._noise:
            whole = [
                it for it in self._sections[section] if set(seeds) <= self._of(it, metric).keys()
            ]
            means = [[self._of(it, metric)[seed].mean() for seed in seeds] for it in whole]
            self._noise[section, seeds, metric] = SeedNoise(np.array(means)), whole
        noise, whole = self._noise[section, seeds, metric]
        return noise, whole.index(row)

    def _of(self, row: RowTrials, metric: Metric) -> dict[int, Array]:
        """Return what the identities contribute to a row's score, by seed.

        The people of a split are met in it alone: what they change is part of what it changes,
        and a split has one score.
        """
        if (row, metric) not in self._scores:
            found = {it.trial.seed: self._by_identity(it, metric) for it in row.scored}
            self._scores[row, metric] = {
                seed: scores.mean(keepdims=True) if row.is_of_splits else scores
                for seed, scores in found.items()
                if len(scores)
            }
        return self._scores[row, metric]

    @staticmethod
    def _by_identity(result: Result, metric: Metric) -> Array:
        scores = query_scores(result, metric)
        pids = result.per_query.pids if result.per_query else []
        return identity_scores([scores], pids)[0] if scores else np.zeros(0)


def _own_section(row: RowTrials) -> Section:
    """Return where a row is shown: a dense network among those of other backbones."""
    return row.setting.family if row.is_dense else row.setting, row.id.reduction


def _section(row: RowTrials, other: RowTrials) -> Section:
    """Return the section in which a row is compared with another one.

    The dense network heads every section of its table.
    """
    heads = row.is_dense and not other.is_dense and other.setting == row.setting
    return _own_section(other if heads else row)


def mean_difference(row: RowTrials, other: RowTrials) -> float | None:
    """Return the difference in mAP, a mean over the seeds that both rows were scored with."""
    first, second = (
        {it.trial.seed: it.scores.final.mAP for it in each.scored if it.scores}
        for each in (row, other)
    )
    shared = sorted(first.keys() & second.keys())
    return fmean(first[seed] - second[seed] for seed in shared) if shared else None


def refuse_different_queries(rows: Iterable[RowTrials]) -> None:
    """Refuse rows of one target that were scored on different queries; splits have their own.

    Raises:
        LeaderboardError: they were.

    """
    rows = list(rows)
    one_by_one = any(row.is_of_splits for row in rows)
    first: dict[int, tuple[Result, list[int]]] = {}
    scored = [(it, it.per_query.pids) for row in rows for it in row.trials if it.per_query]
    for result, pids in scored:
        other, expected = first.setdefault(result.trial.seed if one_by_one else 0, (result, pids))
        if pids != expected:
            raise LeaderboardError(
                f"{other.key}.json and {result.key}.json ({result.trial}) were scored on "
                "different queries and cannot share a table: run the older of them again"
            )
