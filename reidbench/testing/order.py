"""Checks that scores differ between channels, and do not depend on the order of the groups."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from reidbench.api.tasks import Scores
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked, CheckFailed, trying
from reidbench.testing.recording import same
from reidbench.testing.sandbox import TINY
from reidbench.testing.wrapping import Call, guard, wrap


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
    states = (own.get_state(), torch.get_rng_state())
    kind, keys, *rest = np.random.get_state()
    drawn = (np.asarray(keys).tobytes(), *rest)
    return (*(state.numpy().tobytes() for state in states), random.getstate(), kind, drawn)


def _other(one: Scores, two: Scores) -> str:
    """Return the first group whose scores differ; empty if none."""
    return next((name for name in one if not same(one[name], two[name])), "")
