"""How a verdict reads: the cells of its row, and what it rests on in a few sentences."""

from __future__ import annotations

from collections import Counter

from reidbench.config.claim import STANDINGS
from reidbench.leaderboard.claims.verdict import PairVerdict, Verdict
from reidbench.leaderboard.render.columns import NOTHING, Column, signed
from reidbench.leaderboard.statistics import Interval

CLAIMS = "Claims"
LEGEND = (
    "A claim bounds a difference of scores, rows minus their counterparts, in points. It is "
    "supported if the whole 95 % interval of the difference satisfies the bound, refuted if the "
    "whole interval violates it, and otherwise undecided. The interval is a bootstrap over test "
    "identities and seeds, paired: of the mean of all pairs, or, where each pair must satisfy the "
    "bound, of the pair that speaks most against the claim, widened for the number of pairs, of "
    "which any could refute it. Nothing is corrected for the number of claims."
)


def sentence(verdict: Verdict) -> str:
    """Write what is claimed, and by whom."""
    source = f" ({verdict.claim.source})" if verdict.claim.source else ""
    return f"{verdict.claim.says}{source}"


def measured(verdict: Verdict) -> str:
    """Write the difference that decides, with its metric."""
    if verdict.difference is None:
        return NOTHING
    return f"{verdict.claim.metric} {_interval(verdict.difference)}"


def counted(verdict: Verdict) -> str:
    """Say of how many pairs the difference is, and how they count."""
    there, asked = len(verdict.pairs), verdict.asked
    if asked < 2 or not there:
        return f"{there}" if there == asked else f"{there} of {asked}"
    how = "each" if verdict.claim.judged == "each" else "mean"
    return f"{how} of {there}" + (f" (of {asked})" if there < asked else "")


def basis(verdict: Verdict) -> list[str]:
    """Say what is compared, how the pairs differ, and what else a reader must know."""
    claim = verdict.claim
    more = [*_among(verdict), *verdict.notes]
    return [f"{claim.comparison}.", *(f"{text[:1].upper()}{text[1:]}." for text in more)]


def _among(verdict: Verdict) -> list[str]:
    """Tell the pairs apart, where there are several."""
    if len(verdict.pairs) < 2:
        return []
    if verdict.claim.judged == "each":
        counts = Counter(pair.standing for pair in verdict.pairs)
        standings = ", ".join(f"{counts[it]} {it}" for it in STANDINGS if counts[it])
        return [f"decided by {verdict.decisive}; pairs: {standings}"]
    return [f"pairs from {_named(verdict.pairs[0])} to {_named(verdict.pairs[-1])}"]


def _named(pair: PairVerdict) -> str:
    return f"{signed(pair.difference.mean)} ({pair.label})"


def outcome(verdict: Verdict) -> str:
    """Write in a sentence what was measured, and what was claimed."""
    pairs = "pair" if verdict.asked == 1 else "pairs"
    found = f"{measured(verdict)} points" if verdict.difference else "nothing measured"
    return f"{found}, claimed {verdict.claim.bound}; {counted(verdict)} {pairs}"


def _interval(difference: Interval) -> str:
    ends = f"[{signed(difference.low)}, {signed(difference.high)}]"
    return f"{signed(difference.mean)} {ends}"


CLAIM_COLUMNS: tuple[Column[Verdict], ...] = (
    Column("claim", lambda it: it.claim.name, 0),
    Column("what it says", sentence, 0),
    Column("verdict", lambda it: it.standing, 0),
    Column("difference in points [95 %]", measured, 0),
    Column("claimed", lambda it: it.claim.bound, 0),
    Column("pairs", counted, 0),
)
