"""Sorts results into tables, sections and rows, and places each row among the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reidbench.config.claim import Claim
from reidbench.leaderboard.budgets import Budget, off_budget, shared_budget
from reidbench.leaderboard.claims.judge import judge
from reidbench.leaderboard.model import Leaderboard, Part, Row, Section, Setting, Table
from reidbench.leaderboard.other_backbones import show_others
from reidbench.leaderboard.paired_scores import LeaderboardError, mean_ap, shared_resamples
from reidbench.leaderboard.provenance import origins
from reidbench.leaderboard.rows import make_row, method_of, paired_delta, parts_of
from reidbench.leaderboard.statistics import MeanScore, ranks
from reidbench.results import Result

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

LISTED = 5
"""How many of the trials that have two results an error names."""


@dataclass(frozen=True, eq=False)
class _Entry:
    """A row, the trials behind it, and what it is compared by."""

    row: Row
    trials: Sequence[Result]
    mean_ap: MeanScore | None


def build(results: Iterable[Result], claims: Iterable[Claim] = ()) -> Leaderboard:
    """Arrange results as a leaderboard, whatever their order, and judge the claims by them.

    Raises:
        LeaderboardError: two results of one trial, or a table scored on different queries.

    """
    ordered = sorted(results, key=lambda result: (str(result.trial), result.key))
    _refuse_repeated_trials(ordered)
    groups = dict(_grouped(ordered, _setting))
    return Leaderboard(
        tables=show_others((_table(*group) for group in groups.items()), groups),
        parts=tuple(sorted({part for result in ordered for part in parts_of(result)})),
        origins=origins(ordered),
        claims=judge(claims, ordered),
    )


def _setting(result: Result) -> Setting:
    trial = result.trial
    return Setting(
        drawn=result.drawn,
        scenario=trial.scenario,
        backbone=trial.backbone,
        source=trial.source or "",
        target=trial.target,
        protocol=result.protocol.get("name", "?"),
        protocol_hash=result.protocol.get("sha256", "?"),
        division=result.division,
        engine=result.engine,
        parts=tuple(part for part in parts_of(result) if part.role != "method"),
    )


def _refuse_repeated_trials(results: Sequence[Result]) -> None:
    trials = _grouped(results, lambda r: (_setting(r), _row_key(r), r.trial.seed))
    repeated = [
        f"{' and '.join(f'{result.key}.json' for result in same)} ({same[0].trial})"
        for _, same in trials
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


def _table(setting: Setting, results: Sequence[Result]) -> Table:
    entries = _entries(results)
    dense = _reference(entries)
    # An open division would leave to each method how long it trains.
    closed = setting.division == "closed"
    budget = shared_budget(dense.trials if dense else (), results) if closed else {}
    others = [_held_to(budget, _compared(entry, dense)) for entry in entries if entry is not dense]
    by_reduction = _grouped(others, lambda entry: entry.row.target_reduction)
    finals = [result.scores.final for result in results if result.scores]
    return Table(
        setting=setting,
        tolerance=results[0].tolerance,
        valid_queries=finals[0].valid_queries if finals else None,
        excluded_queries=finals[0].excluded_queries if finals else None,
        sections=tuple(
            Section(
                reduction=reduction,
                reference=dense.row if dense else None,
                rows=_placed(members),
            )
            for reduction, members in sorted(by_reduction) or [(0.0, [])]
        ),
    )


def _reference(entries: Sequence[_Entry]) -> _Entry | None:
    """Return the control that keeps every channel, which all others are compared with."""
    whole = [entry for entry in entries if entry.row.control and entry.row.target_reduction == 0]
    if len(whole) > 1:
        labels = ", ".join(entry.row.label for entry in whole)
        raise LeaderboardError(
            f"more than one control keeps every channel ({labels}), and every difference is to "
            "the one that does: remove the results of the others"
        )
    return whole[0] if whole else None


def _entries(results: Sequence[Result]) -> list[_Entry]:
    seeds = sorted({result.trial.seed for result in results})
    resamples = shared_resamples(results)
    by_method = dict(_grouped(results, lambda result: result.trial.method))
    return [
        _Entry(
            make_row(trials, same_method=by_method[trials[0].trial.method], seeds=len(seeds)),
            trials,
            mean_ap(trials, seeds, resamples),
        )
        for _, trials in sorted(_grouped(results, _row_key))
    ]


def _row_key(result: Result) -> tuple[float, str, str, str, bool, Part]:
    trial, part = result.trial, method_of(result)
    return trial.reduction, trial.method, trial.strategy, trial.allocation, trial.control, part


def _compared(entry: _Entry, dense: _Entry | None) -> _Entry:
    if dense is None:
        return entry
    interval = entry.mean_ap.minus(dense.mean_ap) if entry.mean_ap and dense.mean_ap else None
    delta = paired_delta(entry.trials, dense.trials)
    return replace(entry, row=replace(entry.row, delta=delta, delta_interval=interval))


def _held_to(budget: Budget, entry: _Entry) -> _Entry:
    why = off_budget(entry.trials, budget)
    row = replace(entry.row, on_budget=False, notes=(why, *entry.row.notes)) if why else entry.row
    return replace(entry, row=row)


def _placed(entries: Sequence[_Entry]) -> tuple[Row, ...]:
    """Rank the rows that are whole, on target and on budget, and sort all of them."""
    scores = [entry.mean_ap if _may_be_ranked(entry.row) else None for entry in entries]
    places = iter(ranks([score for score in scores if score]))
    rows = [
        replace(entry.row, **next(places)._asdict()) if score else entry.row
        for entry, score in zip(entries, scores, strict=True)
    ]
    return tuple(sorted(rows, key=_best_first))


def _may_be_ranked(row: Row) -> bool:
    # A method that fails on its bad seeds must not be judged by the good ones.
    return row.status == "done" and row.matched and row.on_budget


def _best_first(row: Row) -> tuple[bool, float, str]:
    return row.mean_ap is None, -row.mean_ap.mean if row.mean_ap else 0.0, row.label


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> list[tuple[K, list[T]]]:
    groups: dict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return list(groups.items())
