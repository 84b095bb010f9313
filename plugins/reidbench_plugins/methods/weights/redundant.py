"""Clusters of parallel filters (Ayinde and Zurada, Building Efficient ConvNets, 2018)."""

from __future__ import annotations

import torch
from sklearn.cluster import AgglomerativeClustering
from torch import Tensor

from reidbench.api import Group, Method, RankingTask

SURVIVOR = 3.0
"""Score of the last representative of a layer: above every distance 1 - cosine, at most 2."""
DEAD = -1.0
"""Score of a filter of zeros: below every distance."""


class Redundant(Method):
    """Keep one filter of each cluster of similar ones; score the distance at which a filter goes.

    Unit filters are merged by average linkage of the signed cosine: two clusters merge if their
    mean pairwise cosine exceeds τ, and one representative remains. A filter scores 1 - τ of the
    merge that costs it its place, so cutting to n channels leaves one filter of each of n clusters,
    and one ranking over all layers is the paper's one τ. ``representative`` is ``random`` (each
    filter of a cluster is as likely) or ``largest`` (by L2 norm).

    Deviations:
        * τ is what the target asks for, where the paper gives τ and takes the reduction it yields,
          because reductions are matched here.
        * Filters of zeros, whose cosine is undefined, go first: their maps are constant.
        * Representatives follow the merge tree (of two merged clusters' representatives, one
          remains), where the paper draws them once τ is known, so that a wider cut only adds.

    Raises:
        ValueError: ``representative`` is neither ``random`` nor ``largest``.
    """

    # Cosines mean the same in every layer.
    normalisation = "none"

    def __init__(self, *, representative: str = "random") -> None:
        super().__init__(representative=representative)
        if representative not in ("random", "largest"):
            raise ValueError(
                f"option 'representative' is {representative!r}; choose 'random' or 'largest'"
            )
        self._random = representative == "random"

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return 1 - mean cosine at which each filter loses its place, in [0, 2]; or a constant."""
        weight = group.weight.detach().double().cpu()
        norms = weight.norm(dim=1)
        scores = torch.full_like(norms, DEAD)
        alive = norms.nonzero().flatten()
        if len(alive):
            draws = torch.rand(len(alive), generator=task.generator) if self._random else None
            scores[alive] = leaving(weight[alive], norms[alive], draws)
        return scores


def leaving(weight: Tensor, norms: Tensor, draws: Tensor | None) -> Tensor:
    """Return the distance at which each filter goes; ``draws`` in [0, 1), one a merge, or None."""
    scores = torch.full_like(norms, SURVIVOR)
    # Each cluster: its representative, and how many filters it stands for.
    clusters = [(filter_, 1) for filter_ in range(len(norms))]
    for step, (one, other, distance) in enumerate(merges(weight / norms[:, None])):
        (first, many), (second, more) = clusters[one], clusters[other]
        if draws is None:
            first_stays = bool(norms[first] >= norms[second])
        else:
            # By size, which makes every filter of the merged cluster as likely.
            first_stays = bool(draws[step] * (many + more) < many)
        stays, goes = (first, second) if first_stays else (second, first)
        scores[goes] = distance
        clusters.append((stays, many + more))
    return scores


def merges(units: Tensor) -> list[tuple[int, int, float]]:
    """Return the merges of unit filters by average linkage, most alike first, with distances.

    Cluster ``len(units) + i`` is what merge ``i`` made, as in :mod:`scipy.cluster.hierarchy`.
    """
    if len(units) < 2:
        return []
    distance = (1 - units @ units.T).clamp(0, 2).fill_diagonal_(0)
    tree = AgglomerativeClustering(
        n_clusters=None, distance_threshold=0, metric="precomputed", linkage="average"
    ).fit(distance.numpy())
    return [
        (int(one), int(other), float(apart))
        for (one, other), apart in zip(tree.children_, tree.distances_, strict=True)
    ]
