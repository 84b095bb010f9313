"""Rows made comparable: scored on the same queries, resampled together, seeds aligned."""

from __future__ import annotations

from collections.abc import Sequence

from reidbench.errors import ReidbenchError
from reidbench.leaderboard.rows import is_scored
from reidbench.leaderboard.statistics import MeanScore, Resamples, resample
from reidbench.results import Result


class LeaderboardError(ReidbenchError):
    """Results that contradict each other."""


def shared_resamples(results: Sequence[Result]) -> Resamples | None:
    """Draw identities once for all results; None if none was scored.

    Raises:
        LeaderboardError: they were scored on different queries.

    """
    scored = [(result, result.per_query.pids) for result in results if result.per_query]
    for result, pids in scored:
        if pids != scored[0][1]:
            raise LeaderboardError(
                f"{scored[0][0].key}.json and {result.key}.json ({result.trial}) were scored on "
                "different queries and cannot share a table: run the older of them again"
            )
    return resample(scored[0][1]) if scored else None


def mean_ap(
    trials: Sequence[Result], seeds: Sequence[int], resamples: Resamples | None
) -> MeanScore | None:
    """Return what a row is compared by, its trials aligned to ``seeds``; None without a score."""
    found: dict[int, list[float | None]] = {
        result.trial.seed: result.per_query.average_precision
        for result in trials
        if result.per_query and is_scored(result)
    }
    if not found or resamples is None:
        return None
    missing: list[float | None] = [None] * len(resamples.identity)
    return resamples.mean_score([found.get(seed, missing) for seed in seeds])
