"""How noisy published rows are: ``python -m tests.simulations.measured leaderboard/NAME``."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from reidbench.leaderboard.statistics.identity_scores import Array, identity_scores
from reidbench.leaderboard.statistics.seed_noise import SeedNoise
from reidbench.results import Result, read_results
from tests.simulations.printing import markdown_table
from tests.simulations.tables import POINT, Noise


def noise_of(scores: Array) -> Noise:
    """Return what moves the rows of a section ``(rows, seeds, identities)``, in points.

    What all rows share is taken away first: of each identity and of each seed.
    """
    rows, seeds, identities = scores.shape
    own = scores - scores.mean(axis=0)
    by_people = own.mean(axis=1, keepdims=True)
    rest = own - by_people - own.mean(axis=2, keepdims=True) + own.mean(axis=(1, 2), keepdims=True)
    freedom = (rows - 1) * (seeds - 1) * (identities - 1)
    between = float((rest**2).sum() / freedom / identities)
    apart = by_people - by_people.mean(axis=2, keepdims=True)
    of_people = float((apart**2).sum() / ((rows - 1) * (identities - 1)) / identities)
    of_seeds = float(SeedNoise(scores.mean(axis=2)).own.mean())
    parts = (of_seeds - between, between, of_people - between / seeds)
    return Noise(*(float(np.sqrt(max(0.0, part)) / POINT) for part in parts))


def sections(results: Iterable[Result]) -> dict[float, Array]:
    """Return the scores by reduction, of the methods with all seeds; results are of one table."""
    found: dict[float, dict[str, dict[int, Array]]] = defaultdict(lambda: defaultdict(dict))
    for it in results:
        if it.per_query is not None and it.trial.reduction and it.trial.method != "scratch-b":
            name = str(it.trial.model_copy(update={"seed": 0}))
            scores = identity_scores([it.per_query.average_precision], it.per_query.pids)
            found[it.trial.reduction][name][it.trial.seed] = scores[0]
    return {reduction: _whole(rows.values()) for reduction, rows in sorted(found.items())}


def _whole(rows: Collection[dict[int, Array]]) -> Array:
    seeds = sorted({seed for row in rows for seed in row})
    return np.stack([[row[it] for it in seeds] for row in rows if len(row) == len(seeds)])


if __name__ == "__main__":
    lines = []
    for reduction, scores in sections(read_results(Path(sys.argv[1]))).items():
        its = noise_of(scores)
        values = [f"{value:.2f}" for value in (its.seed, its.seed_people, its.people)]
        lines.append([f"{reduction:.0%}", str(scores.shape[1]), *values])
    print(markdown_table(("fewer MACs", "seeds", "seed", "seed x people", "people"), lines))
