"""Checks that a method only reads, and that all its randomness comes from the trial's seed."""

from __future__ import annotations

from reidbench.testing.candidate import Candidate
from reidbench.testing.check import CheckFailed
from reidbench.testing.sandbox import TINY


def leaves_the_network_untouched(candidate: Candidate) -> None:
    """Compare every network before and after each call of the method in the whole phase."""
    candidate.finished()
    if candidate.changes:
        raise CheckFailed(
            f"method '{candidate.name}': {candidate.changes[0]}; a method only looks, so work on a "
            "copy (tensor.clone(), copy.deepcopy(task.network)) and leave modes, hooks and "
            "gradients as they were"
        )


def leaves_torch_untouched(candidate: Candidate) -> None:
    """Compare torch's settings of the process before and after each call of the method."""
    candidate.finished()
    if candidate.settings:
        raise CheckFailed(
            f"method '{candidate.name}': {candidate.settings[0]}, which is torch's setting for the "
            "whole process and so for the harness and for other methods; set it for a block alone "
            "(with torch.no_grad():), or put it back in a finally"
        )


def deterministic(candidate: Candidate) -> None:
    """Run the whole phase again with other global random states, and compare bit for bit."""
    first = candidate.finished()
    if difference := first.difference(candidate.again("in its second run", state=12345)):
        raise CheckFailed(
            f"method '{candidate.name}' {difference} when a prune phase of {TINY} ran again with "
            "the same seed; equal seeds must give equal bits: draw from task.generator alone, and "
            "keep nothing outside the instance"
        )
