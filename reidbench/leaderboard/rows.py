"""The trials of one method at one reduction, one a seed, as a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from reidbench.leaderboard.model import Part, Row
from reidbench.leaderboard.statistics import Spread, mean_sd
from reidbench.results import Metrics, Result, Scores, Status


def make_row(results: Sequence[Result], *, same_method: Sequence[Result], seeds: int) -> Row:
    """Summarise the trials of a row, which differ in their seed alone.

    ``same_method`` are all of the table's results with a method of that name, from which the label
    must tell this row apart; ``seeds`` is how many the table has. Rank and comparison are the
    table's to fill in.
    """
    trial, part = results[0].trial, method_of(results[0])
    done = [result for result in results if is_scored(result)]
    costs = [result.cost for result in done if result.cost]
    scores = [result.scores for result in done if result.scores]
    misses = [abs(cost.reduction - trial.reduction) for cost in costs]
    return Row(
        label=_label(results[0], same_method),
        method=trial.method,
        version=part.version,
        distribution=part.distribution,
        strategy=trial.strategy,
        allocation=trial.allocation,
        control=trial.control,
        target_reduction=trial.reduction,
        status=_status(results),
        seeds_done=len(done),
        seeds=seeds,
        mean_ap=_final(scores, lambda metrics: metrics.mAP),
        rank1=_final(scores, lambda metrics: metrics.rank1),
        rank5=_final(scores, lambda metrics: metrics.rank5),
        mean_inp=_final(scores, lambda metrics: metrics.mINP),
        trapezoid=_final(scores, lambda metrics: metrics.mAP_trapezoid),
        before_retraining=_spread(
            [score.before_retraining.mAP for score in scores if score.before_retraining]
        ),
        reduction=_mean([cost.reduction for cost in costs]),
        max_miss=max(misses, default=None),
        matched=all(result.matched for result in done),
        macs=_mean([cost.macs for cost in costs]),
        parameters=_mean([cost.parameters for cost in costs]),
        epochs=_mean([_epochs(result) for result in done]),
        seconds=_mean([_seconds(result) for result in done]),
        choosing_seconds=_mean([_seconds(result, but="training") for result in done]),
        notes=(*_off_target(done, misses), *dict.fromkeys(map(_failure, _unscored(results)))),
    )


def parts_of(result: Result) -> tuple[Part, ...]:
    """Return a result's components, sorted by what they were used as."""
    parts = result.components.items()
    return tuple(
        sorted(
            Part(role, it.name, it.version, it.distribution, it.content or "") for role, it in parts
        )
    )


def method_of(result: Result) -> Part:
    """Return the method's component; what was not recorded reads ``?``."""
    unknown = Part("method", result.trial.method, "?", "?")
    return next((part for part in parts_of(result) if part.role == "method"), unknown)


def is_scored(result: Result) -> bool:
    """Whether a result has numbers to show: those of a diverged network are none."""
    return result.status == "done" and result.scores is not None


def paired_delta(results: Sequence[Result], dense: Sequence[Result]) -> float | None:
    """Return mAP minus the dense network's, a mean over the seeds both have."""
    base = _map_by_seed(dense)
    own = _map_by_seed(results)
    return _mean([own[seed] - base[seed] for seed in sorted(own.keys() & base.keys())])


def _map_by_seed(results: Sequence[Result]) -> dict[int, float]:
    return {
        result.trial.seed: result.scores.final.mAP
        for result in results
        if is_scored(result) and result.scores
    }


def _label(result: Result, same_method: Sequence[Result]) -> str:
    trial, part = result.trial, method_of(result)
    parts = {method_of(other) for other in same_method}
    name = trial.method + (f" v{part.version}" if len(parts) > 1 else "")
    remarks = ["control"] if trial.control else []
    if len({(other.trial.strategy, other.trial.allocation) for other in same_method}) > 1:
        remarks += [trial.strategy, trial.allocation]
    if len({other.distribution for other in parts}) > 1:
        remarks.append(part.distribution)
    return f"{name} ({', '.join(remarks)})" if remarks else name


def _status(results: Sequence[Result]) -> Status:
    met = {result.status for result in results}
    worst_first: tuple[Status, ...] = ("failed", "diverged", "not applicable")
    return next((status for status in worst_first if status in met), "done")


def _unscored(results: Sequence[Result]) -> list[Result]:
    return sorted((r for r in results if not is_scored(r)), key=lambda r: r.trial.seed)


def _failure(result: Result) -> str:
    reason, *_ = (result.error or "").strip().splitlines() or ["no reason was recorded"]
    if result.status == "not applicable":
        return f"not applicable: {reason}"  # whatever the seed
    return f"seed {result.trial.seed} {result.status}: {reason}"


def _off_target(done: Sequence[Result], misses: Sequence[float]) -> list[str]:
    if all(result.matched for result in done):
        return []
    trial, tolerance = done[0].trial, done[0].tolerance
    worst = f"{100 * max(misses):.2f} points" if misses else "an unknown amount"
    return [
        f"off target: misses {100 * trial.reduction:g} % by up to {worst}, "
        f"more than the tolerance of {100 * tolerance:g}"
    ]


def _final(scores: Sequence[Scores], metric: Callable[[Metrics], float]) -> Spread | None:
    return _spread([metric(score.final) for score in scores])


def _spread(values: Sequence[float]) -> Spread | None:
    return mean_sd(values) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _epochs(result: Result) -> float:
    return sum(phase.epochs for phase in result.phases)


def _seconds(result: Result, but: str = "") -> float:
    """Return the seconds of all phases, but for one activity."""
    return sum(
        seconds
        for phase in result.phases
        for activity, seconds in phase.seconds.items()
        if activity != but
    )
