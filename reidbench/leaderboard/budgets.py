"""How long the rows of a table train: only those that train as the dense network are ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isclose

from reidbench.leaderboard.row_trials import RowTrials
from reidbench.leaderboard.statistics.addition import added
from reidbench.results import Result

Budget = Mapping[str, float]
"""Epochs on each data set, of all phases together."""


def shared_budget(dense: RowTrials | None, table: Sequence[RowTrials]) -> Budget:
    """Return what every row of a table must train for: what its dense network did.

    Where no dense network was scored it is the least of any result, because no method may leave
    steps unspent. Data for which published weights were loaded are left out: a network that is slim
    from its start has none, and is trained on these data.
    """
    phases = [phase for row in table for result in row.trials for phase in result.phases]
    loaded = {phase.on for phase in phases if phase.kind == "load"}
    deciding = (dense and dense.scored) or [result for row in table for result in row.scored]
    shared: Budget = min(map(_budget, deciding), key=lambda it: added(it.values()), default={})
    return {data: epochs for data, epochs in shared.items() if data not in loaded}


def off_budget(row: RowTrials, shared: Budget) -> str:
    """Say where a row trained longer or shorter than its table's budget, or return nothing.

    Failed trials have not trained to their end and are left out.
    """
    differences = {
        f"{own:g} instead of {epochs:g} epochs on {data}"
        for budget in map(_budget, row.scored)
        for data, epochs in shared.items()
        # Phases that were merged add up in another order.
        if not isclose(own := budget.get(data, 0.0), epochs)
    }
    return f"off budget: {', '.join(sorted(differences))}" if differences else ""


def _budget(result: Result) -> Budget:
    budget: dict[str, float] = defaultdict(float)
    for phase in result.phases:
        budget[phase.on] += phase.epochs
    return budget
