"""Sections of rows as the statistics see them, made from scores of queries."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from reidbench.leaderboard.statistics.contrast import Estimate, Term, contrast
from reidbench.leaderboard.statistics.identity_scores import Array, identity_scores
from reidbench.leaderboard.statistics.rank_sets import RankSet, rank_sets
from reidbench.leaderboard.statistics.seed_noise import SeedNoise


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows ``(rows, seeds, identities)`` of one section, on one test set."""

    scores: Array
    test_set: Hashable = "test"

    @cached_property
    def noise(self) -> SeedNoise:
        return SeedNoise(self.scores.mean(axis=2))

    def term(self, weight: float, place: int, row: Hashable = None) -> Term:
        noise = self.noise if self.scores.shape[1] > 1 else None
        name = (id(self), place) if row is None else row
        return Term(weight, name, self.scores[place], self.test_set, noise, place)

    def difference(self, first: int, second: int) -> Estimate:
        found = contrast([self.term(1, first), self.term(-1, second)])
        assert found is not None
        return found

    def ranked(self) -> list[RankSet]:
        pairs = list(combinations(range(len(self.scores)), 2))
        others = len(self.scores) - 1
        return self.ranked_by({pair: self.difference(*pair).sign(others) for pair in pairs})

    def ranked_by(self, signs: Mapping[tuple[int, int], int]) -> list[RankSet]:
        """Return the rank sets, given the sign of every clear difference of two rows."""
        beats = np.zeros((len(self.scores),) * 2, dtype=bool)
        for (first, second), sign in signs.items():
            beats[first, second], beats[second, first] = sign > 0, sign < 0
        return rank_sets(beats)


def section(
    queries: Sequence[Array] | Array, pids: Sequence[int], test_set: Hashable = "test"
) -> Scored:
    """Return a section of rows ``(seeds, queries)``."""
    return Scored(np.stack([identity_scores(row, pids) for row in queries]), test_set)
