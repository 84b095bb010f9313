"""Checks that a prune phase reaches its reduction and spends its training budget."""

from __future__ import annotations

from reidbench.testing.candidate import REFERENCE, Candidate
from reidbench.testing.check import CheckFailed, trying
from reidbench.testing.recording import run
from reidbench.testing.sandbox import TINY


def meets_the_target(candidate: Candidate, reduction: float) -> None:
    """Run the whole phase, and compare the MACs it ends with."""
    candidate.needs_scores()
    if reduction == REFERENCE:
        achieved = candidate.reference.achieved
    else:
        phase = candidate.begin(TINY, reduction)
        with trying(candidate.record, f"in a prune phase to {reduction:g} of {TINY}"):
            achieved = run(phase).achieved
    tolerance = TINY.rules.pruning.tolerance
    if abs(achieved - reduction) > tolerance:
        raise CheckFailed(
            f"method '{candidate.name}' ended a prune phase of {TINY} with {achieved:.1%} of the "
            f"MACs removed, where {reduction:.1%} (give or take {tolerance:.1%}) was expected; "
            "end its prune() with phase.cut(phase.reduction)"
        )


def spends_the_budget(candidate: Candidate) -> None:
    """Run the whole phase, and count the steps that are left."""
    # For a method that only trains, this check runs the phase first.
    trains = candidate.record.prunes == "nothing"
    trace = candidate.reference if trains else candidate.finished()
    if trace.steps_left:
        raise CheckFailed(
            f"method '{candidate.name}' left {trace.steps_left} of {trace.steps} steps of a prune "
            f"phase of {TINY} unspent; every method trains for the same budget: end its prune() "
            "with phase.train(phase.steps_left)"
        )
