"""Checks of a method's documentation and of its scores, on every network, in any order."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import torch

from reidbench.api.method import Method
from reidbench.api.records import MethodRecord
from reidbench.api.tasks import Scores
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked, CheckFailed, Refused, trying
from reidbench.testing.documentation import option_faults, summary_faults
from reidbench.testing.recording import Call, global_generators, guard, same, wrap
from reidbench.testing.sandbox import TINY, Sandbox


def documents_itself(candidate: Candidate) -> None:
    """Make the method from its defaults, and check its record and docstring."""
    made = type(candidate.make())
    for fault in (*_record_faults(candidate.record), *_class_faults(candidate.record, made)):
        raise CheckFailed(f"method '{candidate.name}': {fault}")


def _record_faults(record: MethodRecord) -> Iterator[str]:
    yield from summary_faults(record, "Removes the filters with the smallest L2 norm.")
    if record.authors_epochs is not None and not record.authors_schedule:
        yield (
            f"its record gives authors_epochs={record.authors_epochs:g} and no authors_schedule; "
            "say in a few words what the authors train"
        )


def _class_faults(record: MethodRecord, method: type[Method]) -> Iterator[str]:
    text = inspect.cleandoc(vars(method).get("__doc__") or "")
    first = text.split("\n\n", 1)[0]
    if not re.search(r"\w[^.]*[.:;]", first):
        yield (
            f"class {method.__name__} has no docstring that begins with a sentence; say how it "
            "scores, and where that comes from: method cards show it"
        )
    yield from option_faults(record, text, f"class {method.__name__}")


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


def tells_channels_apart(candidate: Candidate) -> None:
    """Look for two different scores in one group, in all rankings of the reference run."""
    scores = candidate.finished().scores
    if scores and all((values == values[:1]).all() for _, values in scores):
        raise CheckFailed(
            f"method '{candidate.name}' gave all channels of a group one score, in every ranking "
            f"of a prune phase of {TINY}, whose filters all differ; ties go by position, so that "
            "nothing is chosen: correct its scores(), or declare control=True"
        )


def any_order_of_groups(candidate: Candidate) -> None:
    """Ask for the groups' scores from the last to the first, and compare bit for bit."""
    candidate.needs_scores()
    forwards, _ = _ranked(candidate, backwards=False)
    reverse, drew = _ranked(candidate, backwards=True)
    # A method that draws numbers for each group gets others in another order, which is allowed.
    if drew or not (other := _other(forwards, reverse)):
        return
    again, _ = _ranked(candidate, backwards=False)
    if _other(forwards, again):
        raise Blocked("needs 'deterministic' to pass first")
    raise CheckFailed(
        f"method '{candidate.name}' gave other scores for '{other}' when the groups of {TINY} were "
        "asked for from the last to the first; let scores() depend on its group, and gather what "
        "concerns several groups in prepare()"
    )


def _ranked(candidate: Candidate, *, backwards: bool) -> tuple[Scores, bool]:
    """Rank the tiny network; return the scores, and whether any generator moved meanwhile."""
    phase = candidate.begin(TINY)
    found: Scores = {}
    drew: list[bool] = []

    def backwards_first(name: str, call: Call, group: Any, task: Any) -> Any:
        nonlocal found
        if not found:
            before = _generators(task.generator)
            found = {one.name: call(one, task) for one in reversed(task.groups)}
            drew.append(_generators(task.generator) != before)
        return found[group.name]

    guard(phase.method, [])
    if backwards:
        wrap(phase.method, ["scores"], backwards_first)
    with trying(candidate.record, f"while it ranked the groups of {TINY}"):
        return phase.rank(), any(drew)


def _generators(own: torch.Generator) -> tuple[object, ...]:
    """Return the states of all generators that a method may draw from."""
    return (own.get_state().numpy().tobytes(), *global_generators().values())


def _other(one: Scores, two: Scores) -> str:
    """Return the first group whose scores differ; empty if none."""
    return next((name for name in one if not same(one[name], two[name])), "")
