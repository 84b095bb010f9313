"""What each trial still waits for, and its result as soon as nothing is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from reidbench.plan import Node, Plan, Trial
from reidbench.results import Result
from reidbench.run.assemble import failed_result, finished_result, is_finished
from reidbench.run.executor import Failure
from reidbench.store import Store


class Ledger:
    """The trials of a run and the nodes that they wait for.

    ``settled`` is called with each result once, in the order in which they are known.
    """

    def __init__(
        self,
        plan: Plan,
        trials: tuple[Trial, ...],
        store: Store,
        settled: Callable[[Result], None],
    ) -> None:
        self._plan, self._store, self._settled = plan, store, settled
        self._trials = trials
        self._waits: dict[str, set[str]] = {}
        self._users: dict[str, list[Trial]] = defaultdict(list)
        self._results: dict[str, Result] = {}
        for trial in trials:
            self._waits[trial.key] = {node.key for node in trial.nodes}
            for key in self._waits[trial.key]:
                self._users[key].append(trial)

    @property
    def is_settled(self) -> bool:
        """Whether every trial has its result."""
        return not self._waits

    @property
    def results(self) -> list[Result]:
        """The results of the trials, in their order, once all are settled."""
        return [self._results[trial.key] for trial in self._trials]

    @property
    def nodes(self) -> list[Node]:
        """Every distinct node of the trials, inputs first."""
        return list({node.key: node for trial in self._trials for node in trial.nodes}.values())

    def users(self, key: str) -> list[Trial]:
        """Return the trials that use a node."""
        return self._users[key]

    def waiting(self, key: str) -> Trial | None:
        """Return the first trial that has no result and uses a node; None if none does."""
        return next((trial for trial in self._users[key] if trial.key in self._waits), None)

    def made(self, key: str) -> None:
        """Note that a node is in the store."""
        for trial in self._open(key):
            self._waits[trial.key].discard(key)
            if not self._waits[trial.key]:
                self._settle(trial, finished_result(self._plan, trial, self._store))

    def lost(self, key: str) -> None:
        """Note that a node is no longer in the store."""
        for trial in self._open(key):
            self._waits[trial.key].add(key)

    def failed(self, key: str, failure: Failure) -> None:
        """Note that a node will not be made: each trial that uses it ends."""
        for trial in self._open(key):
            if is_finished(trial, self._store):
                # Another process had more luck.
                result = finished_result(self._plan, trial, self._store)
            else:
                result = failed_result(self._plan, trial, self._store, failure)
            self._settle(trial, result)

    def _open(self, key: str) -> list[Trial]:
        return [trial for trial in self._users[key] if trial.key in self._waits]

    def _settle(self, trial: Trial, result: Result) -> None:
        del self._waits[trial.key]
        self._results[trial.key] = result
        self._settled(result)
