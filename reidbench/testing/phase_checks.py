"""Checks of whole prune phases: target, budget, data, randomness, and what stays untouched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reidbench.api.records import DATA, Data
from reidbench.errors import MethodError
from reidbench.testing.candidate import REFERENCE, Candidate
from reidbench.testing.check import Blocked, CheckFailed, trying
from reidbench.testing.recording import run
from reidbench.testing.sandbox import FORBIDDEN_TESTS, TINY
from reidbench.testing.toys import FORBIDDEN


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


_LOOKS_AT: dict[Data, str] = {"weights": "weights alone", "images": "feature maps alone"}


def never_touches_test_data(candidate: Candidate) -> None:
    """Run the whole phase with other test images, which raise an error when they are read."""
    first, where = candidate.finished(), f"in a prune phase of {TINY}"
    reads = len(FORBIDDEN.asked)
    try:
        second = candidate.again(where, sandbox=replace(TINY, data=FORBIDDEN_TESTS))
    finally:
        if len(FORBIDDEN.asked) > reads:
            raise CheckFailed(_touched(candidate, "read images of query or gallery"))
    if not (difference := first.difference(second)):
        return
    if candidate.settings:
        raise Blocked("needs 'leaves-torch-untouched' to pass first")
    if first.difference(candidate.again(where)):
        raise Blocked("needs 'deterministic' to pass first")
    raise CheckFailed(_touched(candidate, f"{difference} when the test data were others"))


def declares_its_data(candidate: Candidate) -> None:
    """Run the phase with what the record declares, then with less, which must not be enough."""
    candidate.finished()
    declared = candidate.record.data
    with trying(candidate.record, f"in a prune phase of {TINY}"):
        # Every run before this one had access to labels.
        if declared != "labels":
            run(TINY.begin(candidate.record, candidate.reduction))
    less = [data for data in DATA[: DATA.index(declared)] if _is_enough(candidate, data)]
    if less:
        raise CheckFailed(
            f"method '{candidate.name}' declares data={declared!r} in its record, but in a prune "
            f"phase of {TINY} its rankings looked at {_LOOKS_AT[less[0]]}; tables tell readers "
            f"what a method needs, so declare data={less[0]!r}"
        )


def _touched(candidate: Candidate, what: str) -> str:
    return (
        f"method '{candidate.name}' {what}, in a prune phase of {TINY}; no choice may be made on "
        "test data: take images from the task alone"
    )


def _is_enough(candidate: Candidate, data: Data) -> bool:
    """Return whether the method runs through with no more than ``data``."""
    phase = TINY.begin(candidate.declaring(data), candidate.reduction)
    try:
        run(phase)
    except MethodError:
        return False
    return True


def leaves_the_network_untouched(candidate: Candidate) -> None:
    """Compare every network before and after each call of the method in the whole phase."""
    candidate.finished()
    _refuse_the_first(
        candidate,
        candidate.changes,
        "; a method only looks, so work on a copy (tensor.clone(), copy.deepcopy(task.network)) "
        "and leave modes, hooks and gradients as they were",
    )


def leaves_torch_untouched(candidate: Candidate) -> None:
    """Compare torch's settings of the process before and after each call of the method."""
    candidate.finished()
    _refuse_the_first(
        candidate,
        candidate.settings,
        ", which is torch's setting for the whole process and so for the harness and for other "
        "methods; set it for a block alone (with torch.no_grad():), or put it back in a finally",
    )


def draws_from_its_generator(candidate: Candidate) -> None:
    """Compare the generators of the process before and after each call of the method."""
    candidate.finished()
    _refuse_the_first(
        candidate,
        candidate.draws,
        ", which all code of the process shares; pass generator=task.generator to what draws, so "
        "that the trial's seed alone decides",
    )


def _refuse_the_first(candidate: Candidate, found: Sequence[str], advice: str) -> None:
    """Fail with the first of what recording found, if it found anything."""
    if found:
        raise CheckFailed(f"method '{candidate.name}': {found[0]}{advice}")


def deterministic(candidate: Candidate) -> None:
    """Run the whole phase again with other global random states, and compare bit for bit."""
    first = candidate.finished()
    if difference := first.difference(candidate.again("in its second run", state=12345)):
        raise CheckFailed(
            f"method '{candidate.name}' {difference} when a prune phase of {TINY} ran again with "
            "the same seed; equal seeds must give equal bits: draw from task.generator alone, and "
            "keep nothing outside the instance"
        )
