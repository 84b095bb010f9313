"""A row's scores by test identity: the queries of one person are not independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
QueryScores = Array | Sequence[Sequence[float | None]]
"""Scores ``(seeds, queries)``, as average precision; NaN or None for an excluded query."""


def identity_scores(scores: QueryScores, pids: Sequence[int]) -> Array:
    """Return ``(seeds, identities)``, each identity's contribution to the mean over queries.

    Identity i with n_i of the N queries contributes ``x + (I / N) * sum_i(score - x)``, x being the
    mean of all queries: so the mean over identities is x, however many queries each of them has.
    Identities without a query that counts are left out.

    Raises:
        ValueError: there are not as many scores as queries.

    """
    rows = np.asarray(scores, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(pids):
        raise ValueError(f"scores are {rows.shape}, not (seeds, {len(pids)} queries)")
    counted = ~np.isnan(rows).all(axis=0)
    rows = rows[:, counted]
    names, identity = np.unique(np.asarray(pids)[counted], return_inverse=True)
    whole = rows.mean(axis=1, keepdims=True)
    sums = [np.bincount(identity, row, len(names)) for row in rows - whole]
    result: Array = whole + len(names) / rows.shape[1] * np.stack(sums)
    return result
