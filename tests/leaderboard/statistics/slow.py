"""The statistics of a leaderboard as their formulas are written, in loops over Python floats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from scipy.stats import t as student

Scores = list[list[float]]
"""Of one row: ``[seed][query]``, NaN for a query without a match."""


class Found(NamedTuple):
    mean: float
    variance: float
    freedom: float
    shared: float
    seeds: int

    def half(self, comparisons: int = 1) -> float:
        own, of_seeds = (
            float(student.ppf(1 - 0.025 / comparisons, freedom))
            for freedom in (self.freedom, self.seeds - 1)
        )
        return math.sqrt(own**2 * self.variance + of_seeds**2 * self.shared)


def by_identity(scores: Sequence[float], pids: Sequence[int]) -> dict[int, float]:
    """y_i = x + (I / N) * the sum over queries of i of (AP - x), of one row and seed."""
    queries = [q for q, score in enumerate(scores) if not math.isnan(score)]
    x = fmean(scores[q] for q in queries)
    people = sorted({pids[q] for q in queries})
    return {
        i: x + len(people) / len(queries) * sum(scores[q] - x for q in queries if pids[q] == i)
        for i in people
    }


def own_variances(means: Sequence[Sequence[float]]) -> list[float]:
    """s^2_m of rows ``means[row][seed]``."""
    rows, seeds = len(means), len(means[0])
    if rows == 1:
        return [0.0]
    grand = fmean(x for row in means for x in row)
    of_seed = [fmean(row[s] for row in means) for s in range(seeds)]
    return [
        rows
        / (rows - 1)
        * sum((row[s] - of_seed[s] - fmean(row) + grand) ** 2 for s in range(seeds))
        / (seeds - 1)
        for row in means
    ]


def usual_variance(own: Sequence[float]) -> float:
    """s^2, the mean of s^2_m; the largest count for at most ten times the mean of the others."""
    above = 0
    calm = sorted(own)
    while len(calm) > 2 and max(calm) > 10 * (sum(calm) - max(calm)) / (len(calm) - 1):
        calm.remove(max(calm))
        above += 1
    return (sum(calm) + above * 10 * fmean(calm)) / len(own)


def shrunk_variances(means: Sequence[Sequence[float]]) -> list[float]:
    """v_m = max(s^2_m, (4 s^2 + (S - 1) s^2_m) / (S + 3))."""
    own, seeds = own_variances(means), len(means[0])
    usual = usual_variance(own)
    return [max(s2, (4 * usual + (seeds - 1) * s2) / (seeds + 3)) for s2 in own]


class Member(NamedTuple):
    """A row of a contrast: its weight, its section and its place there."""

    weight: float
    section: str
    place: int


def slow_contrast(
    members: Sequence[Member],
    sections: Mapping[str, Sequence[Scores]],
    pids: Mapping[str, Sequence[int]],
    same: Mapping[tuple[str, int], str],
) -> Found:
    """Estimate a contrast of rows, each section on a test set of its own.

    ``same`` names the rows that are in several sections, by section and place.
    """
    seeds = len(next(iter(sections.values()))[0])
    y = {
        (name, place, s): by_identity(row[s], pids[name])
        for name, rows in sections.items()
        for place, row in enumerate(rows)
        for s in range(seeds)
    }
    x = {
        name: [[fmean(y[name, m, s].values()) for s in range(seeds)] for m in range(len(rows))]
        for name, rows in sections.items()
    }
    mean = sum(it.weight * fmean(x[it.section][it.place]) for it in members)
    of_people = 0.0
    for name in sections:
        here = [it for it in members if it.section == name]
        people = sorted(y[name, 0, 0])
        d = [
            [sum(it.weight * y[name, it.place, s][i] for it in here) for i in people]
            for s in range(seeds)
        ]
        of_people += people_variance(d)
    of_rows: dict[str, float] = {}
    for it in members:
        v = shrunk_variances(x[it.section])[it.place]
        row = same.get((it.section, it.place), f"{it.section}/{it.place}")
        of_rows[row] = of_rows.get(row, 0.0) + it.weight * math.sqrt(v)
    noise = [deviation**2 / seeds for deviation in of_rows.values()]
    used = sorted({it.section for it in members})
    shared = [0.0] * seeds
    for name in used:
        weight = sum(it.weight for it in members if it.section == name)
        if abs(weight) > 1e-9:
            for s in range(seeds):
                shared[s] += weight * fmean(row[s] for row in x[name])
    between = sum((u - fmean(shared)) ** 2 for u in shared) / (seeds - 1) / seeds
    variance = sum(noise) + of_people
    most = max(seeds - 1, sum((len(sections[name]) - 1) * (seeds - 1) for name in used))
    below = sum(part**2 for part in noise) / (seeds + 3)
    freedom = min(most, variance**2 / below) if below > 0 else most
    return Found(mean, variance, freedom, between, seeds)


def people_variance(d: Sequence[Sequence[float]]) -> float:
    """max(0, MSi - MSe) / (S I) of differences ``d[seed][identity]``, at least two seeds."""
    seeds, people = len(d), len(d[0])
    if people < 2:
        return 0.0
    grand = fmean(value for row in d for value in row)
    of_seed = [fmean(row) for row in d]
    of_person = [fmean(row[i] for row in d) for i in range(people)]
    ms_i = seeds * sum((value - grand) ** 2 for value in of_person) / (people - 1)
    rest = [
        (d[s][i] - of_seed[s] - of_person[i] + grand) ** 2
        for s in range(seeds)
        for i in range(people)
    ]
    ms_e = sum(rest) / ((seeds - 1) * (people - 1))
    return max(0.0, ms_i - ms_e) / (seeds * people)


def slow_rank_sets(beats: Sequence[Sequence[bool]]) -> list[tuple[int, int]]:
    rows = range(len(beats))
    return [
        (1 + sum(beats[a][j] for a in rows), len(rows) - sum(beats[j][b] for b in rows))
        for j in rows
    ]
