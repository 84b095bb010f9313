"""Judges the claims of a suite by its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reidbench.config.claim import Claim, Standing
from reidbench.leaderboard.claims.caveats import caveats, left_out, mixture
from reidbench.leaderboard.claims.claim_rows import NOT_APPLICABLE, lines_of
from reidbench.leaderboard.claims.differences import Differences
from reidbench.leaderboard.claims.labels import labels
from reidbench.leaderboard.claims.pairs import Pair, pairs_of
from reidbench.leaderboard.claims.verdict import PairVerdict, Verdict
from reidbench.leaderboard.statistics import Interval
from reidbench.results import Result

WORST_FIRST: tuple[Standing, ...] = ("refuted", "undecided", "supported")

NO_ROW = "there is no row that it speaks of"
NO_PAIR = "none of its pairs can be judged"
NOT_ALL = "the pairs that were judged support it, but it speaks of those left out too"
NOT_EACH = "all pairs that were judged support it, but it speaks of those left out too"


def judge(claims: Iterable[Claim], results: Iterable[Result]) -> tuple[Verdict, ...]:
    """Say of each claim whether the results support or refute it, or leave it undecided."""
    lines = lines_of(results)
    differences = Differences(lines)
    return tuple(_verdict(claim, pairs_of(claim, lines), differences) for claim in claims)


def _verdict(claim: Claim, pairs: Sequence[Pair], differences: Differences) -> Verdict:
    named = list(zip(pairs, labels(pairs), strict=True))
    obstacles = [pair.obstacle(claim.metric) for pair in pairs]
    there = [it for it, obstacle in zip(named, obstacles, strict=True) if not obstacle]
    reason = _undecidable(pairs, [pair for pair, _ in there])
    verdict = Verdict(
        claim=claim,
        standing="undecided",
        difference=None,
        decisive="",
        pairs=(),
        asked=len(pairs) - obstacles.count(NOT_APPLICABLE),
        notes=(*filter(None, [reason]), *left_out(named, obstacles)),
    )
    return verdict if reason else _decided(verdict, there, differences)


def _undecidable(pairs: Sequence[Pair], there: Sequence[Pair]) -> str:
    """Say why there is nothing to judge, or nothing if there is."""
    if not any(pair.lines for pair in pairs):
        return NO_ROW
    return mixture([line for pair in there for line in pair.lines]) if there else NO_PAIR


def _decided(
    verdict: Verdict, there: Sequence[tuple[Pair, str]], differences: Differences
) -> Verdict:
    claim, pairs = verdict.claim, [pair for pair, _ in there]
    looks = len(there) if claim.judged == "each" else 1
    judged = [_by_itself(claim, pair, label, differences, looks) for pair, label in there]
    verdict = replace(
        verdict,
        pairs=tuple(sorted(judged, key=lambda it: (it.difference.mean, it.label))),
        notes=(*verdict.notes, *caveats(claim, pairs)),
    )
    if claim.judged == "each":
        return _by_each(verdict)
    difference = differences.of(pairs, claim.metric)
    standing = _standing(claim, difference)
    decided = replace(verdict, standing=standing, difference=difference)
    if standing == "supported" and len(pairs) < verdict.asked:
        # Those that ended well do not speak for those that diverged.
        return replace(decided, standing="undecided", notes=(NOT_ALL, *verdict.notes))
    return decided


def _by_itself(
    claim: Claim, pair: Pair, label: str, differences: Differences, looks: int
) -> PairVerdict:
    """Judge a pair: any of ``looks`` pairs can refute the claim, but all must support it.

    So chance has many occasions to refute and one to support: the former takes a wider interval.
    """
    difference = differences.of([pair], claim.metric)
    standing = _standing(claim, difference)
    if looks > 1 and standing != "supported":
        difference = differences.of([pair], claim.metric, looks)
        standing = _standing(claim, difference)
    return PairVerdict(label=label, difference=difference, standing=standing)


def _by_each(verdict: Verdict) -> Verdict:
    """Let the pair decide that speaks most against the claim."""
    worst = min(
        verdict.pairs,
        key=lambda it: (WORST_FIRST.index(it.standing), _room(verdict.claim, it.difference)),
    )
    decided = replace(
        verdict, standing=worst.standing, difference=worst.difference, decisive=worst.label
    )
    if worst.standing == "supported" and len(verdict.pairs) < verdict.asked:
        return replace(decided, standing="undecided", notes=(NOT_EACH, *verdict.notes))
    return decided


def _standing(claim: Claim, difference: Interval) -> Standing:
    return claim.standing(100 * difference.low, 100 * difference.high)


def _room(claim: Claim, difference: Interval) -> float:
    return claim.room(100 * difference.low, 100 * difference.high)
