"""How long the rows of a table train: only those that train as the dense network have a rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import isclose

from reidbench.leaderboard.rows import is_scored
from reidbench.results import Result

Budget = Mapping[str, float]
"""Epochs on each data set, of all phases together."""


def shared_budget(dense: Sequence[Result], results: Sequence[Result]) -> Budget:
    """Return what every row of a table must train for: what its dense network did.

    Where no dense network was scored it is the least of any result, because no method may leave
    steps unspent. Data for which published weights stood in are left out: a network that is slim
    from its start has none, and is trained on these data.
    """
    loaded = {phase.on for result in results for phase in result.phases if phase.kind == "load"}
    deciding = [*filter(is_scored, dense)] or [*filter(is_scored, results)]
    shared: Budget = min(map(_budget, deciding), key=_total, default={})
    return {data: epochs for data, epochs in shared.items() if data not in loaded}


def off_budget(trials: Iterable[Result], shared: Budget) -> str:
    """Say where a row trained longer or shorter than its table's budget, or nothing.

    Failed trials have not trained to their end and say nothing.
    """
    told = {
        f"{own:g} instead of {epochs:g} epochs on {data}"
        for budget in (_budget(result) for result in trials if is_scored(result))
        for data, epochs in shared.items()
        # Phases that were merged add up in another order.
        if not isclose(own := budget.get(data, 0.0), epochs)
    }
    return f"off budget: {', '.join(sorted(told))}" if told else ""


def _budget(result: Result) -> Budget:
    budget: dict[str, float] = defaultdict(float)
    for phase in result.phases:
        budget[phase.on] += phase.epochs
    return budget


def _total(budget: Budget) -> float:
    return sum(budget.values())
