"""Checks that scores are sound on every network, and on images and groups that are awkward."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from reidbench.testing.candidate import Candidate
from reidbench.testing.check import CheckFailed, Refused
from reidbench.testing.sandbox import AWKWARD, GREY, TINY, Sandbox


def scores_soundly(candidate: Candidate, ground: Sandbox) -> None:
    """Rank every group in reach: finite scores, one a channel."""
    if ground != TINY:
        with suppress(Refused):
            candidate.needs_scores()
    candidate.rank(ground)


def scores_somewhere(candidate: Candidate, grounds: Sequence[Sandbox]) -> None:
    """Rank on one ground after another until one is not refused."""
    with suppress(Refused):
        candidate.needs_scores()
    refusals = []
    for ground in grounds:
        try:
            return candidate.rank(ground)
        except Refused as refusal:
            refusals.append(str(refusal))
    raise CheckFailed(
        f"method '{candidate.name}' refused to score all of {len(grounds)} networks and scopes it "
        f"was shown, the first with: {refusals[0]}; a method must score at least one"
    )


def one_image_batches(candidate: Candidate) -> None:
    """Rank with one calibration image a batch."""
    candidate.needs_scores()
    candidate.rank(replace(TINY, alone=True))


def constant_images(candidate: Candidate) -> None:
    """Rank with images that are all one grey, so that nothing varies."""
    candidate.needs_scores()
    candidate.rank(replace(TINY, data=GREY, trained=False))


def small_groups(candidate: Candidate) -> None:
    """Rank groups of one channel, with a dead channel, and of equal filters."""
    candidate.needs_scores()
    candidate.rank(AWKWARD)
