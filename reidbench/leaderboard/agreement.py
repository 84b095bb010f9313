"""Whether a trial that was run again agrees with its published result, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Any, Literal

from reidbench.leaderboard.row_trials import RowTrials, gather
from reidbench.leaderboard.statistics.seed_noise import PRIOR_SEEDS
from reidbench.leaderboard.statistics.spread import mean_sd
from reidbench.results import Result

DEVIATIONS = 2.0
"""How many seed deviations apart two scores of one trial may be and still agree."""
_UNCOMPARED = ("utc", "git.dirty")
"""Facts of a provenance that differ between any two runs, or say nothing alone."""

Verdict = Literal["identical", "agrees", "differs", "no seeds", "failed"]


@dataclass(frozen=True)
class Agreement:
    """A published result, the same trial run again, and the noise to judge them by.

    Attributes:
        published: the result as it was published.
        again: that of the run now.
        deviation: what another seed moves the score by, a share; None if no row has two seeds.

    """

    published: Result
    again: Result
    deviation: float | None

    @property
    def difference(self) -> float | None:
        """MAP now minus MAP as published, a share; None if either has no scores."""
        if self.published.scores is None or self.again.scores is None:
            return None
        return self.again.scores.final.mAP - self.published.scores.final.mAP

    @property
    def verdict(self) -> Verdict:
        """How the two compare: to the bit, or by the seed deviation."""
        if self.difference is None:
            return "failed"
        if self.published.scores == self.again.scores:
            return "identical"
        if self.deviation is None:
            return "no seeds"
        return "agrees" if abs(self.difference) <= DEVIATIONS * self.deviation else "differs"

    @property
    def changes(self) -> tuple[str, ...]:
        """What decides numbers or may move them, and was another: ``name: then -> now``."""
        then, now = (dict(_facts(result)) for result in (self.published, self.again))
        names = [*then, *(name for name in now if name not in then)]
        return tuple(
            f"{name}: {then.get(name, 'unknown')} -> {now.get(name, 'unknown')}"
            for name in names
            if then.get(name) != now.get(name)
        )


def agreement(published: Result, again: Result, table: Iterable[Result]) -> Agreement:
    """Compare a result with the same trial run again; ``table`` are the results beside it."""
    return Agreement(published, again, seed_deviation(published, table))


def seed_deviation(result: Result, table: Iterable[Result]) -> float | None:
    """Return what another seed moves a result's mAP by, a share, from the results beside it.

    The row's variance over seeds is shrunk towards the mean of its section, as that of intervals
    is: as if ``PRIOR_SEEDS`` more seeds had it, and never below its own. None if no row of the
    section has two seeds.
    """
    rows = [row for row in gather(table) if _same_section(row, result)]
    variances = {row: variance for row in rows if (variance := _variance(row)) is not None}
    if not variances:
        return None
    shared = fmean(variances.values())
    own = next((row for row in variances if _holds(row, result)), None)
    if own is None:
        return sqrt(shared)
    seeds = len(own.scored)
    shrunk = (PRIOR_SEEDS * shared + (seeds - 1) * variances[own]) / (PRIOR_SEEDS + seeds - 1)
    return sqrt(max(variances[own], shrunk))


def _same_section(row: RowTrials, result: Result) -> bool:
    return (
        row.setting == RowTrials((result,)).setting and row.id.reduction == result.trial.reduction
    )


def _holds(row: RowTrials, result: Result) -> bool:
    return any(trial.key == result.key for trial in row.trials)


def _variance(row: RowTrials) -> float | None:
    scores: Sequence[float] = [it.scores.final.mAP for it in row.scored if it.scores]
    spread = mean_sd(scores)
    return None if spread is None or spread.sd is None else spread.sd**2


def _facts(result: Result) -> Iterator[tuple[str, str]]:
    yield "engine", str(result.engine)
    yield "protocol", " ".join(result.protocol.values())
    for role, component in result.components.items():
        yield role, f"{component.name} {component.version}"
        if component.content:
            yield f"content of {role}", component.content
    yield from _flat(result.provenance)


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif prefix + name not in _UNCOMPARED:
            yield prefix + name, str(value)
