"""Blockwise adjacent filter decaying (Wang et al., Soft Person Re-ID Network Pruning, 2022)."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask
from reidbench_plugins.methods.weights.fpgm import distances


class Bafd(Method):
    """Score the mean distance to the ``neighbours`` nearest filters; decay the most redundant.

    Distances are divided by the layer's L2 norm and ranked over all layers. Filters that would go
    are multiplied by ``decay`` (the authors' β: 1e-2, and 3e-1 where over .7 of the filters go)
    each round, and may grow back.

    Deviations:
        * Filters of 1x1 convolutions are ranked like all others, where the authors skip them,
          because bottlenecks could not reach every target without.
        * Every layer loses what the global ranking says, where the authors make that one rate for
          all layers of a block, because backbones differ in what a block is.
        * Rounds are the protocol's instead of one an epoch, because the phase may be short.
        * The target is one of MACs, so that ``decay`` does not switch at a share of filters.

    Raises:
        ValueError: ``neighbours`` is below 1, or ``decay`` not in [0, 1).

    """

    def __init__(self, *, neighbours: int = 2, decay: float = 1e-2) -> None:
        super().__init__(neighbours=neighbours, decay=decay)
        if neighbours < 1:
            raise ValueError(f"option 'neighbours' is {neighbours!r}; choose 1 or more")
        if not 0 <= decay < 1:
            raise ValueError(f"option 'decay' is {decay!r}; choose a factor from 0 to below 1")
        self._neighbours, self.soft_factor = neighbours, decay

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each filter's mean distance to its nearest; 0 for a filter that is alone."""
        near = min(self._neighbours, group.size - 1)
        if near == 0:
            return torch.zeros_like(group.weight[:, 0])
        nearest = distances(group.weight).topk(near + 1, dim=1, largest=False).values
        return nearest[:, 1:].mean(dim=1)  # the very nearest is the filter itself

    def pruned_share(self, progress: float) -> float:
        """Return 1: the factor is what makes pruning gradual."""
        return 1.0
