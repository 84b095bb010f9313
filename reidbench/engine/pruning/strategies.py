"""When channels go: once, in rounds, softly, after a penalty, or layer by layer."""

from __future__ import annotations

from collections.abc import Callable

from reidbench.api.method import Method
from reidbench.api.records import Strategy
from reidbench.api.tasks import PrunePhase
from reidbench.config.protocol import PruningRules
from reidbench.errors import MethodError

Run = Callable[[PrunePhase, Method, PruningRules], None]


def rounds(steps: int, count: int) -> list[tuple[float, int]]:
    """Divide ``steps`` into ``count`` rounds: progress in (0, 1], and steps, of each."""
    marks = [steps * done // count for done in range(count + 1)]
    return [(done / count, marks[done] - marks[done - 1]) for done in range(1, count + 1)]


def one_shot(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Cut to the target at once, then retrain."""
    phase.cut(phase.reduction)
    phase.train(phase.steps_left)


def iterative(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Cut in ``rules.rounds`` equal shares of the MACs left to cut, training in turn; retrain."""
    start = phase.achieved
    for share, steps in phase.rounds(rules.rounds):
        phase.cut(_between(start, phase.reduction, share))
        phase.train(steps)
    phase.train(phase.steps_left)


def progressive(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Train, shrink the weakest filters in ever larger shares, let them grow back; cut, retrain."""
    start, softenings = phase.achieved, phase.rounds(rules.soft_rounds)
    for progress, steps in softenings[:-1]:
        phase.train(steps)
        phase.soften(_between(start, phase.reduction, _share(method, progress)))
    phase.train(softenings[-1][1])
    phase.cut(phase.reduction)
    phase.train(phase.steps_left)


def _between(start: float, target: float, share: float) -> float:
    """Return the reduction ``share`` of the way: an earlier phase may have gone part of it."""
    return start + (target - start) * share


def _share(method: Method, progress: float) -> float:
    share = method.pruned_share(progress)
    if not 0 <= share <= 1:
        raise MethodError(
            f"{type(method).__name__}.pruned_share({progress:g}) is {share!r}; it must be a share "
            "of the target, from 0 to 1"
        )
    return share


def regularised(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Train with the method's penalty while pruning is active, then cut to the target; retrain."""
    phase.train(phase.active_steps)
    phase.cut(phase.reduction)
    phase.train(phase.steps_left)


def layerwise(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Cut layer after layer, training a little after each, then retrain."""
    for progress in phase.layers(phase.reduction):
        due = round(progress * phase.active_steps) - (phase.steps - phase.steps_left)
        phase.train(due)
    phase.train(phase.steps_left)


def own(phase: PrunePhase, method: Method, rules: PruningRules) -> None:
    """Let the method run its own schedule."""
    method.prune(phase)


STRATEGIES: dict[Strategy, Run] = {
    "one-shot": one_shot,
    "iterative": iterative,
    "progressive": progressive,
    "regularised": regularised,
    "layerwise": layerwise,
    "own": own,
}
