"""Checks that scores are sound on every network, and on unusual images and groups."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from reidbench.testing.candidate import Candidate
from reidbench.testing.check import CheckFailed, Refused
from reidbench.testing.sandbox import TINY, Sandbox


def scores_soundly(candidate: Candidate, sandbox: Sandbox) -> None:
    """Rank every group in scope: finite scores, one a channel."""
    if sandbox != TINY:
        with suppress(Refused):
            candidate.needs_scores()
    candidate.rank(sandbox)


def scores_somewhere(candidate: Candidate, sandboxes: Sequence[Sandbox]) -> None:
    """Rank in one sandbox after another until one is not refused."""
    with suppress(Refused):
        candidate.needs_scores()
    refusals = []
    for sandbox in sandboxes:
        try:
            return candidate.rank(sandbox)
        except Refused as refusal:
            refusals.append(str(refusal))
    raise CheckFailed(
        f"method '{candidate.name}' refused to score all of {len(sandboxes)} networks and scopes "
        f"it was shown, the first with: {refusals[0]}; a method must score at least one"
    )


def scores_unusual(candidate: Candidate, sandbox: Sandbox) -> None:
    """Rank with unusual images or groups, if the method ranks the tiny network at all."""
    candidate.needs_scores()
    candidate.rank(sandbox)
