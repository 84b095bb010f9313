"""When channels go: once, in rounds, or softly while the network trains."""

from __future__ import annotations

from collections.abc import Callable

from reidbench.method import Method, PrunePhase
from reidbench.protocol import PruningRules
from reidbench.records import Strategy

Run = Callable[[PrunePhase, Method, PruningRules], None]


def one_shot(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Cut to the target at once, then retrain."""
    phase.cut(phase.target)
    phase.train(phase.steps_left)


def iterative(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Cut in ``rules.rounds`` equal shares of the MACs, training in turn, then retrain."""
    for share, steps in _rounds(phase, rules.rounds, rules.active):
        phase.cut(phase.target * share)
        phase.train(steps)
    phase.train(phase.steps_left)


def progressive(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Train, zero the weakest filters in ever larger shares, let them grow back; cut, retrain."""
    rounds = _rounds(phase, rules.soft_rounds, rules.active)
    for progress, steps in rounds[:-1]:
        phase.train(steps)
        phase.soften(phase.target * method.pruned_share(progress))
    phase.train(rounds[-1][1])
    phase.cut(phase.target)
    phase.train(phase.steps_left)


STRATEGIES: dict[Strategy, Run] = {
    "one-shot": one_shot,
    "iterative": iterative,
    "progressive": progressive,
}


def _rounds(phase: PrunePhase, rounds: int, active: float) -> list[tuple[float, int]]:
    """Return progress in (0, 1] and steps of each round, over the active share of the phase."""
    steps = round(active * phase.steps)
    marks = [steps * done // rounds for done in range(rounds + 1)]
    return [(done / rounds, marks[done] - marks[done - 1]) for done in range(1, rounds + 1)]
