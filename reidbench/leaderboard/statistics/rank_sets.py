"""Rank sets: all the ranks that a row may have, given what is known of the differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class RankSet(NamedTuple):
    """The best and the worst rank that a row may have, from 1."""

    best: int
    worst: int

    @property
    def may_be_best(self) -> bool:
        """Whether no row is known to be better."""
        return self.best == 1

    def __str__(self) -> str:
        return f"{self.best}" if self.best == self.worst else f"{self.best}-{self.worst}"


def rank_sets(beats: NDArray[np.bool_]) -> list[RankSet]:
    """Return the rank set of each row, where ``beats[a, b]`` says that a is better than b.

    A row's true rank is in its set in 95 % of cases if its comparisons with all others err in 5 %
    together: the marginal sets of Mogstad, Romano, Shaikh and Wilhelm (2024), with Bonferroni's
    correction.
    """
    beaten_by, beaten = beats.sum(axis=0), beats.sum(axis=1)
    return [
        RankSet(1 + int(better), len(beats) - int(worse))
        for better, worse in zip(beaten_by, beaten, strict=True)
    ]
