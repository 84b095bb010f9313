"""Sorts results into tables, sections and rows, and ranks each row among the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reidbench.config.claim import Claim
from reidbench.leaderboard.budgets import Budget, off_budget, shared_budget
from reidbench.leaderboard.claims.judge import judge
from reidbench.leaderboard.model import Leaderboard, Row, Section, Table, TableSetting
from reidbench.leaderboard.other_backbones import with_other_backbones
from reidbench.leaderboard.paired_scores import (
    LeaderboardError,
    PairedScores,
    refuse_different_queries,
)
from reidbench.leaderboard.provenance import origins
from reidbench.leaderboard.row_trials import RowTrials, gather, grouped, used_components
from reidbench.leaderboard.rows import compared, make_row, with_noise
from reidbench.leaderboard.splits import pool_splits
from reidbench.leaderboard.statistics.rank_sets import rank_sets
from reidbench.results import Result

LISTED = 5
"""How many of the trials that have two results an error names."""


def build(
    results: Iterable[Result], claims: Iterable[Claim] = (), seeds: Iterable[int] = ()
) -> Leaderboard:
    """Build the leaderboard of results, in any order, and judge the claims by them.

    Random splits of one data set share a table (:mod:`.splits`).

    A row that lacks one of the ``seeds``, which the suite asks for, is not ranked; where they are
    not known, one that lacks a seed of another row of its section.

    Raises:
        LeaderboardError: two results of one trial, or a table scored on different queries.

    """
    results = list(results)
    rows = gather(pool_splits(results), seeds)
    _refuse_repeated_trials(rows)
    scores = PairedScores(rows)
    by_setting = grouped(rows, lambda row: row.setting)
    tables = [_table(setting, members, scores) for setting, members in by_setting.items()]
    dense = {row.setting: row for row in rows if row.is_dense}
    return Leaderboard(
        tables=with_other_backbones(tables, dense, scores),
        components=tuple(sorted({it for result in results for it in used_components(result)})),
        origins=origins(results),
        claims=judge(claims, rows, scores),
    )


def _refuse_repeated_trials(rows: Sequence[RowTrials]) -> None:
    repeated = [
        f"{' and '.join(f'{result.key}.json' for result in same)} ({same[0].trial})"
        for row in rows
        for same in grouped(row.trials, lambda result: result.trial.seed).values()
        if len(same) > 1
    ]
    if repeated:
        more = f"; and {len(repeated) - LISTED} more" if len(repeated) > LISTED else ""
        raise LeaderboardError(
            f"more than one result of a trial: {'; '.join(repeated[:LISTED])}{more}: between the "
            "runs the engine, the version of a component, a default option or the scenario's "
            "phases may have changed: delete the old files, or run the suite again, "
            "'reidbench run' sets superseded results aside"
        )


def _table(setting: TableSetting, members: Sequence[RowTrials], scores: PairedScores) -> Table:
    refuse_different_queries(members)
    dense = _reference(members)
    # An open division leaves to each method how long it trains.
    budget = shared_budget(dense, members) if setting.division == "closed" else {}
    reference = make_row(dense, members) if dense else None
    rows = {
        own: _on_budget(_compared(own, members, dense, scores), own, budget)
        for own in members
        if own is not dense
    }
    by_reduction = grouped(rows, lambda own: own.id.reduction)
    final = next((it.scores.final for row in members for it in row.trials if it.scores), None)
    return Table(
        setting=setting,
        tolerance=members[0].trials[0].tolerance,
        valid_queries=final.valid_queries if final else None,
        excluded_queries=final.excluded_queries if final else None,
        sections=tuple(
            Section(
                reduction=reduction,
                reference=reference,
                rows=_ranked({own: rows[own] for own in by_reduction.get(reduction, ())}, scores),
            )
            for reduction in sorted(by_reduction) or [0.0]
        ),
    )


def _reference(table: Sequence[RowTrials]) -> RowTrials | None:
    """Return the control that keeps every channel, which all others are compared with."""
    dense = [row for row in table if row.is_dense]
    if len(dense) > 1:
        labels = ", ".join(make_row(row, table).label for row in dense)
        raise LeaderboardError(
            f"more than one control keeps every channel ({labels}), and every difference is to "
            "the one that does: remove the results of the others"
        )
    return dense[0] if dense else None


def _on_budget(row: Row, own: RowTrials, budget: Budget) -> Row:
    """Return a row that says whether it trained for the budget of its table."""
    why = off_budget(own, budget)
    return replace(row, on_budget=False, notes=(why, *row.notes)) if why else row


def _compared(
    own: RowTrials, table: Sequence[RowTrials], dense: RowTrials | None, scores: PairedScores
) -> Row:
    """Summarise a row and compare it with the dense network, and its noise with its section's."""
    return with_noise(compared(make_row(own, table), own, dense, scores), own, scores)


def _ranked(rows: Mapping[RowTrials, Row], scores: PairedScores) -> tuple[Row, ...]:
    """Give a rank set to rows of several seeds that may be ranked, and sort all of them."""
    comparable = [own for own, row in rows.items() if _may_be_ranked(own, row)]
    sets = rank_sets(_beats(comparable, scores))
    ranked = {it: replace(rows[it], rank=own) for it, own in zip(comparable, sets, strict=True)}
    return tuple(sorted({**rows, **ranked}.values(), key=_best_first))


def _may_be_ranked(own: RowTrials, row: Row) -> bool:
    # A method that fails on its bad seeds must not be judged by the good ones, nor one that has
    # lost them. A single seed says nothing of what another one would change.
    complete = row.status == "done" and not row.missing_seeds and len(own.scored) > 1
    return complete and row.matched and row.on_budget


def _beats(rows: Sequence[RowTrials], scores: PairedScores) -> NDArray[np.bool_]:
    """Say which row is better than which, (rows, rows), each by comparisons with all others."""
    others = len(rows) - 1
    beats = np.zeros((len(rows), len(rows)), dtype=bool)
    for first, second in combinations(range(len(rows)), 2):
        difference = scores.difference([(rows[first], rows[second])])
        sign = difference.sign(others) if difference else 0
        beats[first, second], beats[second, first] = sign > 0, sign < 0
    return beats


def _best_first(row: Row) -> tuple[bool, float, str]:
    return row.mean_ap is None, -row.mean_ap.mean if row.mean_ap else 0.0, row.label
