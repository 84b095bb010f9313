"""Whether tables of different data, networks or rules order methods alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from reidbench.leaderboard.comparison import same_setting
from reidbench.leaderboard.model import Leaderboard, Row, Section, Table
from reidbench.leaderboard.statistics.rank_correlation import (
    FEWEST,
    RankCorrelation,
    rank_correlation,
)

_Scores: TypeAlias = dict[tuple[str, str, str], float]


@dataclass(frozen=True)
class OrderAgreement:
    """How alike two tables order the methods that both have, at one reduction."""

    first: Table
    second: Table
    reduction: float
    correlation: RankCorrelation


def orders(first: Leaderboard, second: Leaderboard) -> Iterator[OrderAgreement]:
    """Yield each pair of tables of two leaderboards that rank five methods or more in common.

    Where some tables are of one setting, only these are paired.
    """
    pairs = [(ours, theirs) for ours in first.tables for theirs in second.tables]
    alike = [(ours, theirs) for ours, theirs in pairs if same_setting(ours, theirs)]
    for ours, theirs in alike or pairs:
        yield from _pairs(ours, theirs)


def _pairs(ours: Table, theirs: Table) -> Iterator[OrderAgreement]:
    sections = {section.reduction: section for section in theirs.sections}
    for section in ours.sections:
        if (other := sections.get(section.reduction)) is None:
            continue
        mine, its = _scores(section), _scores(other)
        common = [key for key in mine if key in its]
        pair = [mine[key] for key in common], [its[key] for key in common]
        if len(common) >= FEWEST and all(len(set(scores)) > 1 for scores in pair):
            found = rank_correlation(*pair)
            yield OrderAgreement(ours, theirs, section.reduction, found)


def _scores(section: Section) -> _Scores:
    """Return the mAP of each row with a rank, by method, strategy and allocation."""
    return {
        _key(row): row.mean_ap.mean
        for row in section.rows
        if row.rank is not None and row.mean_ap is not None
    }


def _key(row: Row) -> tuple[str, str, str]:
    return row.label, row.strategy, row.allocation
