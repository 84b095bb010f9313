"""The columns of claims, and in a few sentences what each verdict is based on."""

from __future__ import annotations

from collections import Counter

from reidbench.config.claim import BOUNDS, STANDINGS
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.render.columns import (
    NOTHING,
    Column,
    around,
    attribute,
    attributes,
    points,
    signed,
)

CLAIMS = "Claims"
CLAIMS_LEGEND = (
    "A claim bounds a difference of scores, rows minus their counterparts, in points. It is "
    "supported if the whole 95 % interval of the difference satisfies the bound, refuted if the "
    "whole interval violates it, and otherwise undecided. The interval is where the difference "
    "would lie with other training seeds and other test people, in a table of splits with other "
    "splits of the same people: of the mean of all pairs, or, where each pair must satisfy the "
    "bound, of the pair that speaks most against the claim, widened for the number of pairs, of "
    "which any could refute it. A single seed decides nothing. Nothing is corrected for the "
    "number of claims."
)


def sentence(verdict: Verdict) -> str:
    """Write what is claimed, and by whom."""
    source = f" ({verdict.claim.source})" if verdict.claim.source else ""
    return f"{verdict.claim.says}{source}"


def measured(verdict: Verdict) -> str:
    """Write the difference that decides, with its metric."""
    it = verdict.difference
    if it is None:
        return NOTHING
    return f"{verdict.claim.metric} {signed(it.mean)} {around(it)}"


def counted(verdict: Verdict) -> str:
    """Say how many pairs the difference is of, and how they count."""
    there, asked = len(verdict.pairs), verdict.asked
    if asked < 2 or not there:
        return f"{there}" if there == asked else f"{there} of {asked}"
    how = "each" if verdict.claim.judged == "each" else "mean"
    return f"{how} of {there}" + (f" (of {asked})" if there < asked else "")


def basis(verdict: Verdict) -> list[str]:
    """Say what is compared, how the pairs differ, and what else a reader must know."""
    claim, more = verdict.claim, list(verdict.notes)
    if len(verdict.pairs) > 1 and claim.judged == "each":
        counts = Counter(pair.standing for pair in verdict.pairs)
        standings = ", ".join(f"{counts[it]} {it}" for it in STANDINGS if counts[it])
        more.insert(0, f"decided by {verdict.decisive}; pairs: {standings}")
    elif len(verdict.pairs) > 1:
        ends = (verdict.pairs[0], verdict.pairs[-1])
        least, most = (f"{signed(it.difference.mean)} ({it.label})" for it in ends)
        more.insert(0, f"pairs from {least} to {most}")
    return [f"{claim.comparison}.", *(f"{text[:1].upper()}{text[1:]}." for text in more)]


def outcome(verdict: Verdict) -> str:
    """Write in a sentence what was measured, and what was claimed."""
    pairs = "pair" if verdict.asked == 1 else "pairs"
    found = f"{measured(verdict)} points" if verdict.difference else "nothing measured"
    return f"{found}, claimed {verdict.claim.bound}; {counted(verdict)} {pairs}"


_DIFFERENCE = {
    "difference_points": points("difference.mean"),
    "difference_low": points("difference.low"),
    "difference_high": points("difference.high"),
}
_BOUNDS = attributes(**{f"{name}_points": f"claim.{name}" for name in BOUNDS})
_PAIRS = {
    **attributes(judged="claim.judged", deciding_pair="decisive"),
    "pairs_judged": lambda it: len(it.pairs),
    **attributes(pairs="asked"),
}
CLAIM_COLUMNS: tuple[Column[Verdict], ...] = (
    Column("claim", "claim", attribute("claim.name"), attributes(claim="claim.name")),
    Column("says", "what it says", sentence, attributes(says="claim.says", source="claim.source")),
    Column("compared", values=attributes(compared="claim.comparison")),
    Column("verdict", "verdict", attribute("standing"), attributes(verdict="standing")),
    Column("difference", "difference in points [95 %]", measured, _DIFFERENCE),
    Column("claimed", "claimed", attribute("claim.bound"), _BOUNDS),
    Column("pairs", "pairs", counted, _PAIRS),
    Column("notes", values={"notes": lambda it: "; ".join(it.notes)}),
)
