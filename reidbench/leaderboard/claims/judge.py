"""Judges the claims of a suite by its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reidbench.config.claim import Claim, Standing
from reidbench.leaderboard.claims.caveats import caveats, left_out, mixture
from reidbench.leaderboard.claims.labels import labels
from reidbench.leaderboard.claims.pairs import NOT_APPLICABLE, Pair, pairs_of
from reidbench.leaderboard.claims.verdict import PairVerdict, Verdict
from reidbench.leaderboard.paired_scores import PairedScores
from reidbench.leaderboard.row_trials import RowTrials

WORST_FIRST: tuple[Standing, ...] = ("refuted", "undecided", "supported")

NO_ROW = "there is no row that it speaks of"
NO_PAIR = "none of its pairs can be judged"
NOT_TOGETHER = "its pairs share no seed, or no two people, to be judged by"
NOT_ALL = "the pairs that were judged support it, but it speaks of those left out too"
NOT_EACH = "all pairs that were judged support it, but it speaks of those left out too"


def judge(
    claims: Iterable[Claim], rows: Sequence[RowTrials], scores: PairedScores
) -> tuple[Verdict, ...]:
    """Say of each claim whether the results support or refute it, or leave it undecided."""
    return tuple(_verdict(claim, pairs_of(claim, rows), scores) for claim in claims)


def _verdict(claim: Claim, pairs: Sequence[Pair], scores: PairedScores) -> Verdict:
    names = labels(pairs)
    blockers = [pair.blocker(claim.metric) for pair in pairs]
    judged = [(p, name) for p, name, why in zip(pairs, names, blockers, strict=True) if not why]
    reason = _undecidable(pairs, [pair for pair, _ in judged])
    verdict = Verdict(
        claim=claim,
        asked=len(pairs) - blockers.count(NOT_APPLICABLE),
        notes=(*filter(None, [reason]), *left_out(names, blockers)),
    )
    return verdict if reason else _decided(verdict, judged, scores)


def _undecidable(pairs: Sequence[Pair], judged: Sequence[Pair]) -> str:
    """Say why there is nothing to judge, or return nothing if there is."""
    if not any(pair.sides for pair in pairs):
        return NO_ROW
    return mixture([row for pair in judged for row in pair.sides]) if judged else NO_PAIR


def _decided(verdict: Verdict, judged: Sequence[tuple[Pair, str]], scores: PairedScores) -> Verdict:
    claim, pairs, each = verdict.claim, [pair for pair, _ in judged], verdict.claim.judged == "each"
    comparisons = len(pairs) if each else 1
    found = [_judged(claim, [pair], scores, label, comparisons) for pair, label in judged]
    together = None if each else _judged(claim, pairs, scores)
    alone = sorted(filter(None, found), key=lambda it: (it.difference.mean, it.label))
    decisive = _worst(claim, alone) if each and len(alone) == len(found) else together
    if decisive is None:
        return replace(verdict, pairs=tuple(alone), notes=(NOT_TOGETHER, *verdict.notes))
    standing, notes = decisive.standing, (*verdict.notes, *caveats(claim, pairs))
    if standing == "supported" and len(pairs) < verdict.asked:
        # Pairs that ended well are no evidence for those that diverged.
        standing, notes = "undecided", (NOT_EACH if each else NOT_ALL, *notes)
    return replace(
        verdict,
        standing=standing,
        difference=decisive.difference,
        decisive=decisive.label,
        pairs=tuple(alone),
        notes=notes,
    )


def _judged(
    claim: Claim,
    pairs: Sequence[Pair],
    scores: PairedScores,
    label: str = "",
    comparisons: int = 1,
) -> PairVerdict | None:
    """Judge by the mean difference of pairs; None if they share no seed, or are of one person.

    Any one of several ``comparisons`` can refute a claim, but all of them must support it. So
    chance has many occasions to refute and one to support: only the former widens the interval.
    A single seed decides nothing about methods.
    """
    rows = [(first, second) for first, second in (pair.sides for pair in pairs)]
    estimate = scores.difference(rows, claim.metric)
    if estimate is None:
        return None

    def judged(number: int) -> PairVerdict:
        difference = estimate.interval(number)
        standing = "undecided" if estimate.of_networks else claim.standing(*difference.points)
        return PairVerdict(label=label, difference=difference, standing=standing)

    verdict = judged(1)
    return verdict if comparisons == 1 or verdict.standing == "supported" else judged(comparisons)


def _worst(claim: Claim, pairs: Iterable[PairVerdict]) -> PairVerdict:
    """Return the pair that speaks most against the claim."""

    def support(pair: PairVerdict) -> tuple[int, float]:
        return WORST_FIRST.index(pair.standing), claim.clearance(*pair.difference.points)

    return min(pairs, key=support)
