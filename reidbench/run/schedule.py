"""Which node of a plan comes next: a measurement, or the phase with the longest chain behind it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from reidbench.plan import EvaluateNode, Node, PhaseNode


def inputs(node: Node) -> tuple[Node, ...]:
    """Return the nodes that a node reads."""
    if isinstance(node, EvaluateNode):
        return (node.network,)
    network = node.network if isinstance(node, PhaseNode) else None
    return () if network is None else (network,)


def longest_paths(nodes: dict[str, Node], weight: Callable[[Node], float]) -> dict[str, float]:
    """Return the weight of the longest chain that begins with each node, itself included.

    ``nodes`` are in an order in which inputs come first.
    """
    after: dict[str, float] = defaultdict(float)
    paths = {}
    for key in reversed(nodes):
        paths[key] = weight(nodes[key]) + after[key]
        for needed in inputs(nodes[key]):
            after[needed.key] = max(after[needed.key], paths[key])
    return paths


class Schedule:
    """The nodes that are left of a plan, each offered once its inputs are made.

    A measurement is offered before all phases: it takes a moment, and ends its trial, so that a run
    that is stopped has rows of all that it has trained.
    """

    def __init__(self, nodes: Iterable[Node], weight: Callable[[Node], float]) -> None:
        self.nodes = {node.key: node for node in nodes}
        self._paths = longest_paths(self.nodes, weight)
        self._order = {key: index for index, key in enumerate(self.nodes)}
        self._missing = dict.fromkeys(self.nodes, 0)
        self._needed_by: dict[str, list[str]] = defaultdict(list)
        self._taken: set[str] = set()
        """Nodes that are being made or have been: they are not offered."""
        self._ready: list[tuple[bool, float, int, str]] = []
        for key, node in self.nodes.items():
            for needed in inputs(node):
                if needed.key in self.nodes:
                    self._missing[key] += 1
                    self._needed_by[needed.key].append(key)
        for key in self.nodes:
            self.offer(key)

    def offer(self, key: str) -> None:
        """Let a node be taken, as soon as its inputs are made."""
        self._taken.discard(key)
        if self._missing[key] == 0:
            is_phase = not isinstance(self.nodes[key], EvaluateNode)
            heapq.heappush(self._ready, (is_phase, -self._paths[key], self._order[key], key))

    def ready(self) -> Iterator[str]:
        """Take ready nodes, the most urgent first; those not begun are to be offered again."""
        while self._ready:
            key = heapq.heappop(self._ready)[-1]
            if key not in self._taken and self._missing[key] == 0:
                self._taken.add(key)
                yield key

    def made(self, key: str) -> None:
        """Offer the nodes that have waited for this one alone."""
        for waiting in self._needed_by[key]:
            self._missing[waiting] -= 1
            if waiting not in self._taken:
                self.offer(waiting)

    def lost(self, key: str) -> None:
        """Undo ``made``: the artefact was damaged and is removed, so the node is made again."""
        for waiting in self._needed_by[key]:
            self._missing[waiting] += 1
        self.offer(key)
