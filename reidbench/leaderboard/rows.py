"""The trials of one row, summarised over their seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from reidbench.leaderboard.model import Row
from reidbench.leaderboard.paired_scores import PairedScores, mean_difference
from reidbench.leaderboard.row_trials import RowTrials, is_scored
from reidbench.leaderboard.statistics.addition import added
from reidbench.leaderboard.statistics.spread import Spread, mean_sd
from reidbench.results import Result, Status

WORST_FIRST: tuple[Status, ...] = ("failed", "diverged", "not applicable", "done")


def make_row(row: RowTrials, table: Sequence[RowTrials]) -> Row:
    """Summarise a row of a table, but for its rank and comparisons, which depend on other rows."""
    trial, done = row.id, row.scored
    costs = [result.cost for result in done if result.cost]
    scores = [result.scores for result in done if result.scores]
    misses = [abs(cost.reduction - trial.reduction) for cost in costs]
    statuses = {result.status for result in row.trials}

    def final(metric: str) -> Spread | None:
        return mean_sd([getattr(score.final, metric) for score in scores])

    return Row(
        setting=row.setting,
        label=_label(row, [it for it in table if it.id.method == trial.method]),
        method=trial.method,
        version=row.method.version,
        distribution=row.method.distribution,
        strategy=trial.strategy,
        allocation=trial.allocation,
        control=trial.control,
        reduction=trial.reduction,
        status=next(status for status in WORST_FIRST if status in statuses),
        seeds_done=len(done),
        seeds=len(row.asked),
        missing_seeds=row.missing_seeds,
        mean_ap=final("mAP"),
        rank1=final("rank1"),
        rank5=final("rank5"),
        mean_inp=final("mINP"),
        trapezoid=final("mAP_trapezoid"),
        before_retraining=mean_sd(
            [score.before_retraining.mAP for score in scores if score.before_retraining]
        ),
        achieved=_mean(cost.reduction for cost in costs),
        max_miss=max(misses, default=None),
        matched=all(result.matched for result in done),
        macs=_mean(cost.macs for cost in costs),
        parameters=_mean(cost.parameters for cost in costs),
        epochs=_mean(added(phase.epochs for phase in result.phases) for result in done),
        seconds=_mean(map(_seconds, done)),
        choosing_seconds=_mean(_seconds(result, but="training") for result in done),
        networks=tuple(result.phases[-1].key for result in done if result.phases),
        notes=(*_off_target(done, misses), *_missing(row), *dict.fromkeys(_failures(row))),
    )


def compared(row: Row, own: RowTrials, dense: RowTrials | None, scores: PairedScores) -> Row:
    """Return a row with its difference to a dense network, where there is one."""
    if dense is None:
        return row
    estimate = scores.difference([(own, dense)])
    return replace(
        row,
        delta=mean_difference(own, dense),
        delta_interval=estimate.interval() if estimate else None,
    )


def with_noise(row: Row, own: RowTrials, scores: PairedScores) -> Row:
    """Return a row that says whether its seeds differ far more than its section's do."""
    found = scores.noise_of(own)
    if found is None or not found[0].is_noisy(found[1]):
        return row
    noise, place = found
    its, usual = (100 * float(it) ** 0.5 for it in (noise.own[place], noise.usual))
    note = (
        f"noisy: another seed changes it by {its:.1f} points, rows of this section usually by "
        f"{usual:.1f} (standard deviations): its intervals may be too narrow"
    )
    return replace(row, noisy=True, notes=(*row.notes, note))


def _label(row: RowTrials, same_method: Sequence[RowTrials]) -> str:
    """Name a row by its method, and by what tells it from the table's others of that method."""
    trial, methods = row.id, {other.method for other in same_method}
    name = trial.method + (f" v{row.method.version}" if len(methods) > 1 else "")
    remarks = ["control"] if trial.control else []
    if len({(other.id.strategy, other.id.allocation) for other in same_method}) > 1:
        remarks += [trial.strategy, trial.allocation]
    if len({method.distribution for method in methods}) > 1:
        remarks.append(row.method.distribution)
    return f"{name} ({', '.join(remarks)})" if remarks else name


def _failures(row: RowTrials) -> Iterator[str]:
    """Say why each trial without scores has none."""
    for result in sorted(row.trials, key=lambda it: it.trial.seed):
        reason, *_ = (result.error or "").strip().splitlines() or ["no reason was recorded"]
        if result.status == "not applicable":
            yield f"not applicable: {reason}"  # whatever the seed
        elif not is_scored(result):
            yield f"seed {result.trial.seed} {result.status}: {reason}"


def _missing(row: RowTrials) -> list[str]:
    number = "seed" if len(row.missing_seeds) == 1 else "seeds"
    seeds = ", ".join(map(str, row.missing_seeds))
    return [f"incomplete: lacks {number} {seeds}"] if seeds else []


def _off_target(done: Sequence[Result], misses: Sequence[float]) -> list[str]:
    if all(result.matched for result in done):
        return []
    trial, tolerance = done[0].trial, done[0].tolerance
    worst = f"{100 * max(misses):.2f} points" if misses else "an unknown amount"
    return [
        f"off target: misses {100 * trial.reduction:g} % by up to {worst}, "
        f"more than the tolerance of {100 * tolerance:g}"
    ]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _seconds(result: Result, but: str = "") -> float:
    """Return the seconds of all phases, but for one activity."""
    times = [item for phase in result.phases for item in phase.seconds.items()]
    return added(seconds for activity, seconds in times if activity != but)
