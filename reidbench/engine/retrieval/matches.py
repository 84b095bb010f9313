"""Which gallery images share a query's identity, and which of those count as hits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidbench.engine.retrieval.features import Features

JUNK = -1

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of a query and a gallery image, by index: two arrays ``(p,)``."""

    query: Indices
    gallery: Indices

    def at(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(self.query[chosen], self.gallery[chosen])


def same_identity(query: Features, gallery: Features) -> Pairs:
    """Return every pair of one identity, whatever the cameras; junk belongs to nobody."""
    by_identity = np.argsort(gallery.pids, kind="stable")
    sorted_pids = gallery.pids[by_identity]
    first = np.searchsorted(sorted_pids, query.pids, side="left")
    counts = np.searchsorted(sorted_pids, query.pids, side="right") - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    position = np.repeat(first, counts) + within
    return Pairs(np.repeat(np.arange(len(query)), counts), by_identity[position])


def hits(pairs: Pairs, query: Features, gallery: Features) -> Pairs:
    """Return the pairs of one identity that two different cameras saw."""
    return pairs.at(query.camids[pairs.query] != gallery.camids[pairs.gallery])
