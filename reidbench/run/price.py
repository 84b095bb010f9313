"""What a plan costs before it has run: images x GMACs, hours on a card, and workers' efficiency."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reidbench.plan import EvaluateNode, Node
from reidbench.run.card_rates import Rate
from reidbench.run.image_macs import Images, image_macs
from reidbench.run.schedule import Schedule, longest_paths


@dataclass(frozen=True)
class Price:
    """What nodes compute.

    Attributes:
        products: images x GMACs by key, of the nodes whose images and MACs are known.
        nodes: all of them by key, inputs first.

    """

    nodes: Mapping[str, Node]
    products: Mapping[str, float]

    @property
    def training(self) -> float:
        """Images x GMACs of training."""
        return sum(work for key, work in self.products.items() if not self._measures(key))

    @property
    def measuring(self) -> float:
        """Images x GMACs of measuring."""
        return sum(work for key, work in self.products.items() if self._measures(key))

    @property
    def left_out(self) -> int:
        """Nodes of which nothing is known."""
        return len(self.nodes) - len(self.products)

    def seconds(self, rate: Rate) -> dict[str, float]:
        """Return the seconds of every node at a rate; 0 for those of which nothing is known."""
        speeds = {True: rate.measuring, False: rate.training}
        return {
            key: self.products[key] / speeds[self._measures(key)] + rate.fixed
            if key in self.products
            else 0.0
            for key in self.nodes
        }

    def _measures(self, key: str) -> bool:
        return isinstance(self.nodes[key], EvaluateNode)


def price(nodes: Collection[Node], images: Images) -> Price:
    """Return what nodes compute; inputs come first."""
    known = {node.key: image_macs(node, images) for node in nodes}
    products = {key: macs.product for key, macs in known.items() if macs is not None}
    return Price({node.key: node for node in nodes}, products)


def critical_path(nodes: Mapping[str, Node], seconds: Mapping[str, float]) -> float:
    """Return the seconds of the longest chain of nodes, 0 if there are none."""
    paths = longest_paths(dict(nodes), lambda node: seconds[node.key])
    return max(paths.values(), default=0.0)


def makespan(nodes: Mapping[str, Node], seconds: Mapping[str, float], workers: int) -> float:
    """Return the seconds that workers take for nodes in the order of the run's own schedule."""
    schedule, now = Schedule(nodes.values(), lambda node: seconds[node.key]), 0.0
    busy: list[tuple[float, str]] = []
    while True:
        while len(busy) < workers and (key := next(schedule.ready(), None)) is not None:
            heapq.heappush(busy, (now + seconds[key], key))
        if not busy:
            return now
        now, key = heapq.heappop(busy)
        schedule.made(key)
