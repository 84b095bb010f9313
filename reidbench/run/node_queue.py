"""The nodes that are left of a run: which comes next, shared with other runs on the same store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from reidbench.plan import Node, PruneNode, Trial
from reidbench.run.executor import Failure
from reidbench.run.failure_notes import FailureNotes
from reidbench.run.ledger import Ledger
from reidbench.run.schedule import Schedule
from reidbench.store import Store
from reidbench.store.claims import Claims

LOOK_AGAIN = 1.0
"""Seconds between two looks at what other processes make."""


class NodeQueue:
    """Hands out the most urgent node that is ready, needed, and claimed by no other process."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        claims: Claims,
        notes: FailureNotes,
        weight: Callable[[Node], float],
    ) -> None:
        self.ledger, self.store, self.claims, self.notes = ledger, store, claims, notes
        self._schedule = Schedule(ledger.nodes, weight)
        self._elsewhere: list[str] = []
        """Nodes that others have claimed, or that wait for a ranking that is being made."""
        self._looked = monotonic()
        self._not_kept: set[str] = set()
        """Rankings that a phase has made and not kept, because they are for its own cut alone."""

    def node(self, key: str) -> Node:
        """Return a node of the run."""
        return self._schedule.nodes[key]

    def trial(self, key: str) -> Trial:
        """Return a trial that uses a node, one that still waits for it if there is one."""
        return self.ledger.waiting(key) or self.ledger.users(key)[0]

    def next(self) -> str | None:
        """Return a node to make, claimed; None if there is nothing to do now."""
        if self._elsewhere and monotonic() - self._looked >= LOOK_AGAIN:
            self._look_again()
        for key in self._schedule.ready():
            if self.ledger.waiting(key) is None or self._found(key):
                continue
            if (failure := self.notes.get(key)) is not None:
                self.ledger.failed(key, failure)
            elif not self._claim(key):
                self._elsewhere.append(key)
            elif self._found(key):  # made by the last holder of the claim, just before
                self._release(key)
            else:
                self.notes.drop(key)
                return key
        return None

    def made(self, key: str) -> None:
        """Note that a node was made."""
        self._schedule.made(key)
        self.ledger.made(key)
        self._release(key)

    def failed(self, key: str, failure: Failure) -> None:
        """Note that a node will not be made."""
        self.notes.put(key, failure)
        self.ledger.failed(key, failure)
        self._release(key)

    def again(self, key: str, damaged: Iterable[str] = ()) -> None:
        """Have a node tried again, and first those of its inputs that were damaged."""
        for one in set(damaged) & self._schedule.nodes.keys():
            self._schedule.lost(one)
            self.ledger.lost(one)
        self._schedule.offer(key)
        self._release(key)

    def _found(self, key: str) -> bool:
        """Return whether a node is in the store, and note it."""
        if not self.store.has(key):
            return False
        self.store.mark_used(key)  # nothing that makes room may remove it now
        self._schedule.made(key)
        self.ledger.made(key)
        return True

    def _claim(self, key: str) -> bool:
        """Claim a node, and the ranking that it would be the first to make."""
        if not self.claims.take(key):
            return False
        ranking = self._ranking(key)
        if ranking is None or ranking in self._not_kept or self.store.has(ranking):
            return True
        if self.claims.take(ranking):
            return True
        self.claims.release(key)
        return False

    def _release(self, key: str) -> None:
        if (ranking := self._ranking(key)) is not None:
            if not self.store.has(ranking):
                self._not_kept.add(ranking)
            self.claims.release(ranking)
        self.claims.release(key)
        self._look_again()

    def _ranking(self, key: str) -> str | None:
        node = self.node(key)
        return node.ranking_key if isinstance(node, PruneNode) else None

    def _look_again(self) -> None:
        self._looked, offered, self._elsewhere = monotonic(), self._elsewhere, []
        for key in offered:
            self._schedule.offer(key)
