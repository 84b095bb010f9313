"""Blockwise adjacent filter decaying (Wang et al., Soft Person Re-ID Network Pruning, 2022)."""

from __future__ import annotations

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask
from reidbench_plugins.methods.weights.fpgm import distances


class Bafd(Method):
    """Score by the distance to the nearest ``neighbours``; decay the most redundant filters.

    Filters are struck out one at a time, the one that is nearest to those left first; its score is
    its summed distance to its nearest then. Scores are divided by the layer's L2 norm and ranked
    over all layers, of which each keeps at least 1 - ``max_rate`` for as long as others can give.
    What would go is multiplied by ``decay``, filters and batch norms alike (the authors' β: 1e-2,
    and 3e-1 where over .7 of the filters go), each round, and may grow back.

    Deviations:
        * ``neighbours`` counts others alone; the authors' k = 2 counts the filter itself too, and
          is 1 here.
        * Filters of 1x1 convolutions are ranked like all others, where the authors skip them,
          because bottlenecks could not reach every target without.
        * Every layer loses what the global ranking says, where the authors make that one rate for
          all layers of a block, because backbones differ in what a block is.
        * Filters are struck out from the nearest on, whatever share goes, where the authors strike
          out from the farthest on where over half goes, to save time.
        * Rounds are the protocol's instead of one an epoch, because the phase may be short.
        * The target is one of MACs, so that ``decay`` does not switch at a share of filters.

    Raises:
        ValueError: ``neighbours`` is below 1, ``decay`` not in [0, 1) or ``max_rate`` in (0, 1].
    """

    normalisation = "none"  # it is done below, before filters are spared
    soft_norms = True

    def __init__(self, *, neighbours: int = 1, decay: float = 1e-2, max_rate: float = 0.9) -> None:
        super().__init__(neighbours=neighbours, decay=decay, max_rate=max_rate)
        if neighbours < 1:
            raise ValueError(f"option 'neighbours' is {neighbours!r}; choose 1 or more")
        if not 0 <= decay < 1:
            raise ValueError(f"option 'decay' is {decay!r}; choose a factor from 0 to below 1")
        if not 0 < max_rate <= 1:
            raise ValueError(f"option 'max_rate' is {max_rate!r}; choose a share above 0, up to 1")
        self._neighbours, self._max_rate, self.soft_factor = neighbours, max_rate, decay

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return each filter's distance at its turn, in [0, 1], and 1 more for those spared."""
        struck, order = strike_out(distances(group.weight), self._neighbours)
        shares: Tensor = struck / struck.norm().clamp(min=torch.finfo(struck.dtype).tiny)
        shares[order[int(self._max_rate * group.size) :]] += 1
        return shares

    def pruned_share(self, progress: float) -> float:
        """Return 1: as many filters decay in every round as will go."""
        return 1.0


def strike_out(apart: Tensor, neighbours: int) -> tuple[Tensor, Tensor]:
    """Strike filters out one at a time, the most redundant first.

    Of those as near to their nearest as any, the one nearest to all that are left goes.

    Args:
        apart: distances of every pair, (channels, channels).
        neighbours: how many of the nearest are summed up, 1 or more.

    Returns:
        Each filter's summed distance to its nearest at its turn, (channels,) float64, and the
        filters in the order of their turns, (channels,) int64.
    """
    size, apart = len(apart), apart.double().cpu()
    near, spread = min(neighbours, size - 1), apart.sum(dim=1)
    left, order, sums = torch.ones(size, dtype=torch.bool), [], torch.zeros_like(spread)
    apart = apart.fill_diagonal_(torch.inf)
    nearest = apart.topk(near, largest=False).values
    for _ in range(size - near - 1):
        own = nearest.sum(dim=1)
        tied = (left & (own <= own[left].min() * (1 + 1e-5))).nonzero()[:, 0]
        gone = int(tied[spread[tied].argmin()])
        order.append(gone)
        left[gone], sums[gone] = False, own[gone]
        missed = apart[gone].clone()
        apart[gone] = apart[:, gone] = torch.inf
        spread[left] -= missed[left]
        stale = left & (missed <= nearest[:, -1])
        nearest[stale] = apart[stale].topk(near, largest=False).values
    # Of the last, each has all the others for its nearest.
    sums[left] = nearest[left].sum(dim=1)
    last = left.nonzero()[:, 0]
    return sums, torch.cat([torch.tensor(order, dtype=torch.int64), last[sums[last].argsort()]])
