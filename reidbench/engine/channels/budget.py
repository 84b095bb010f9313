"""Choose how many channels every group keeps so that the MACs hit a target (imports no torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup, IntArray, Scope
from reidbench.engine.channels.plan import PruningPlan
from reidbench.engine.channels.problems import ImpossibleReduction, ScoreError
from reidbench.errors import ReidbenchError

Allocation: TypeAlias = Literal["uniform", "global"]
FloatArray: TypeAlias = npt.NDArray[np.float64]

CLOSE_ENOUGH = 0.0005  # of the dense MACs: half a tenth of a point
LOOK_AHEAD = 0.02  # of the ranking: how far past the cut a finer channel may be looked for


@dataclass(frozen=True, eq=False)
class _Ranking:
    """Blocks of channels in the order they go.

    The group in column ``going[i]`` of the MACs model loses ``amounts[i]`` channels, its lowest
    ranks first.
    """

    graph: ChannelGraph
    groups: tuple[ChannelGroup, ...]
    ranks: tuple[IntArray, ...]
    going: IntArray
    amounts: IntArray

    def macs(self, gone: IntArray) -> int:
        """Return the MACs after each group lost ``gone`` channels."""
        return int(self.graph.macs.totals((self.graph.macs.sizes - gone)[np.newaxis])[0])

    def first(self, count: int) -> IntArray:
        """Return how many channels each group lost after ``count`` blocks."""
        gone = np.bincount(
            self.going[:count], self.amounts[:count], minlength=len(self.graph.macs.names)
        )
        return gone.astype(np.int64)


def solve(
    graph: ChannelGraph,
    scores: Mapping[str, Any],
    *,
    reduction: float,
    allocation: Allocation,
    scope: Scope,
    min_keep: float | int,
    round_to: int = 1,
) -> PruningPlan:
    """Return the plan whose MACs are nearest to ``1 - reduction`` of the dense MACs, by rank.

    ``scores`` gives each group in scope one number a channel, low = remove; ties go by index.
    ``uniform`` removes the same fraction of every group; ``global`` ranks all channels together.
    ``min_keep`` is the floor of each group, a fraction of it (float) or a count (int), at least 1.
    Groups that shrink end on multiples of ``round_to`` channels, going by blocks that are ranked
    by their mean score; those too narrow for it stay whole.
    Raises ``ScoreError``, ``ScopeError`` and ``ImpossibleReduction``.
    """
    groups = graph.in_scope(scope)
    reachable = highest_reduction(graph, scope, min_keep, round_to)
    if not 0 <= reduction < 1:
        raise ImpossibleReduction(f"reduction {reduction} must be at least 0 and below 1")
    if reduction > reachable:
        raise ImpossibleReduction(
            f"reduction {reduction:g} is out of reach: with scope '{scope}' and min_keep"
            f" {min_keep:g}{f' and round_to {round_to}' if round_to > 1 else ''} at most"
            f" {reachable:.4f} of the MACs can go;"
            f" ask for less{'' if scope == 'all' else ', use scope all,'} or lower min_keep"
        )
    values = [_checked(group, scores) for group in groups]
    ranks = tuple(np.argsort(value, kind="stable") for value in values)
    steps = [_steps(group, min_keep, round_to) for group in groups]
    going, amounts = _order(graph, groups, ranks, values, allocation, steps)
    ranking = _Ranking(graph, groups, ranks, going, amounts)
    return _plan(ranking, _nearest(ranking, reduction))


def highest_reduction(
    graph: ChannelGraph, scope: Scope, min_keep: float | int, round_to: int = 1
) -> float:
    """Return the fraction of the MACs that goes when every group in ``scope`` is at its floor."""
    widths = {
        group.name: group.size - int(_steps(group, min_keep, round_to)[-1])
        for group in graph.in_scope(scope)
    }
    return 1 - graph.macs.total(widths) / graph.macs.total()


def _steps(group: ChannelGroup, min_keep: float | int, round_to: int) -> IntArray:
    """Return how many channels a group may have lost, ascending from 0.

    What counts for a multiple are the rows of layers: any number of heads of 64 is one of 8.
    """
    if round_to < 1:
        raise ReidbenchError(f"round_to {round_to} must be a whole number of channels from 1 up")
    size = group.size
    widths = np.arange(size - 1, _floor(size, min_keep) - 1, -1, dtype=np.int64)
    return np.concatenate([[0], size - widths[widths * group.unit % round_to == 0]])


def _floor(size: int, min_keep: float | int) -> int:
    if min_keep < 0 or (isinstance(min_keep, float) and min_keep > 1):
        raise ReidbenchError(f"min_keep {min_keep} must be a fraction up to 1.0 or a whole number")
    # 0.05 * 20 is a little above 1 in floating point, and must not keep 2.
    least = min_keep if isinstance(min_keep, int) else ceil(min_keep * size - 1e-9)
    return min(size, max(1, least))


def _checked(group: ChannelGroup, scores: Mapping[str, Any]) -> FloatArray:
    if group.name not in scores:
        raise ScoreError(f"group '{group.name}' has no scores; score every group in scope")
    given = scores[group.name]
    given = given.detach().cpu().numpy() if hasattr(given, "detach") else given
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (group.size,):
        raise ScoreError(
            f"group '{group.name}' needs scores of shape ({group.size},), one a channel,"
            f" and got {values.shape}"
        )
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ScoreError(
            f"group '{group.name}' has the score {values[bad]} at channel {bad}; scores must be"
            " finite numbers"
        )
    return values


def _order(
    graph: ChannelGraph,
    groups: tuple[ChannelGroup, ...],
    ranks: tuple[IntArray, ...],
    values: list[FloatArray],
    allocation: Allocation,
    steps: list[IntArray],
) -> tuple[IntArray, IntArray]:
    """Return the columns of the groups in the order in which they lose blocks, and the amounts."""
    if allocation not in ("uniform", "global"):
        raise ReidbenchError(f"allocation '{allocation}' must be 'uniform' or 'global'")
    keys, columns, amounts = [], [], []
    for group, rank, value, lost in zip(groups, ranks, values, steps, strict=True):
        before, after = lost[:-1], lost[1:]
        if allocation == "uniform":
            # A block goes when the fraction, rounded to blocks, first asks for it.
            keys.append((before + after) / 2 / group.size)
        else:
            keys.append(_means(value[rank], before, after))
        columns.append(np.full(len(after), graph.macs.names.index(group.name), dtype=np.int64))
        amounts.append(after - before)
    order = np.argsort(np.concatenate(keys), kind="stable")
    return np.concatenate(columns)[order], np.concatenate(amounts)[order]


def _means(ranked: FloatArray, before: IntArray, after: IntArray) -> FloatArray:
    """Return the mean of ``ranked`` over each block; a block of one is its score to the bit."""
    if not len(after):
        return np.empty(0)
    means: FloatArray = np.add.reduceat(ranked[: after[-1]], before) / (after - before)
    return means


def _nearest(ranking: _Ranking, reduction: float) -> IntArray:
    """Return the channels lost per group whose MACs are nearest to the target.

    MACs fall along the ranking, so the cut is found by bisection. Where one channel is so dear
    that both sides of the cut miss (a wide residual stream), a few cheaper channels just past
    the cut fill the gap; each group still loses its lowest ranks.
    """
    dense = ranking.macs(ranking.first(0))
    target = dense * (1 - reduction)
    low, high = 0, len(ranking.going)
    while low < high:
        middle = (low + high + 1) // 2
        if ranking.macs(ranking.first(middle)) >= target:
            low = middle
        else:
            high = middle - 1
    nearest = min(
        (ranking.first(count) for count in (low, min(low + 1, len(ranking.going)))),
        key=lambda gone: abs(ranking.macs(gone) - target),
    )
    if abs(ranking.macs(nearest) - target) <= CLOSE_ENOUGH * dense:
        return nearest
    filled = _filled(ranking, low, target)
    return min(nearest, filled, key=lambda gone: abs(ranking.macs(gone) - target))


def _filled(ranking: _Ranking, cut: int, target: float) -> IntArray:
    gone = ranking.first(cut)
    skipped: set[int] = set()
    ahead = slice(cut, cut + ceil(LOOK_AHEAD * len(ranking.going)))
    for column, amount in zip(ranking.going[ahead], ranking.amounts[ahead], strict=True):
        further = gone.copy()
        further[column] += amount
        if column in skipped or ranking.macs(further) < target:
            skipped.add(column)
        else:
            gone = further
    return gone


def _plan(ranking: _Ranking, gone: IntArray) -> PruningPlan:
    sizes = ranking.graph.widths
    kept = {name: tuple(range(size)) for name, size in sizes.items()}
    for group, rank in zip(ranking.groups, ranking.ranks, strict=True):
        lost = int(gone[ranking.graph.macs.names.index(group.name)])
        kept[group.name] = tuple(sorted(rank[lost:].tolist()))
    return PruningPlan(kept, sizes)
