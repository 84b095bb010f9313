"""What the page of a trial shows of its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reidbench.results import Metrics, Result

BINS = 20
METRICS = {
    "mAP": "mAP", "rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10", "mINP": "mINP",
    "mAP_trapezoid": "mAP (trapezoid)",
}  # fmt: skip


def histogram(result: Result) -> list[int]:
    """Count queries by average precision in twenty equal bins; empty without queries."""
    if result.per_query is None:
        return []
    values = [it for it in result.per_query.average_precision if it is not None]
    bins = (np.array(values) * BINS).astype(int).clip(0, BINS - 1)
    return [int(it) for it in np.bincount(bins, minlength=BINS)] if values else []


def metrics(result: Result) -> list[tuple[str, list[str]]]:
    """Return each metric in percent: of the base, right after the cut, at the end."""
    if result.scores is None:
        return []
    moments = (result.scores.base, result.scores.before_retraining, result.scores.final)
    return [(name, [_percent(it, field) for it in moments]) for field, name in METRICS.items()]


def _percent(metrics: Metrics | None, field: str) -> str:
    return "-" if metrics is None else f"{100 * getattr(metrics, field):.2f}"


def facts(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested data, each with its dotted path."""
    for name, value in tree.items():
        where = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping):
            yield from facts(value, where)
        else:
            yield where, "-" if value is None else str(value)
