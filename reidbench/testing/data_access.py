"""Checks that a method looks at the data its record declares, and never at test images."""

from __future__ import annotations

from dataclasses import replace

from reidbench.api.records import DATA, Data
from reidbench.errors import MethodError
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked, CheckFailed, trying
from reidbench.testing.recording import run
from reidbench.testing.sandbox import FORBIDDEN_TESTS, TINY
from reidbench.testing.toy_data import FORBIDDEN

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
