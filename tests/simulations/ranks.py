"""How often intervals miss and ranks are false, by seeds and reductions.

``python -m tests.simulations.ranks [TABLES]`` prints the tables of the decision record 0021.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from reidbench.leaderboard.statistics.contrast import Estimate
from reidbench.leaderboard.statistics.identity_scores import Array
from tests.leaderboard.statistics.sections import Scored
from tests.simulations.printing import markdown_table
from tests.simulations.tables import POINT, PUBLISHED, ROWS, Noise, draw_section

SEEDS = (2, 3, 5, 10)
TABLES = 1000
WILD = 8.0
"""How many times as noisy as the others a row may be that trains now and then."""
NORMAL = 1.959964
WHERE = ("fewer MACs", "seeds")
PAIRS = list(combinations(range(ROWS), 2))

TRUTHS = {
    "six groups of five equal rows, a point apart": np.repeat(np.arange(6.0), 5),
    "thirty equal rows": np.zeros(ROWS),
}
"""True scores, in points."""


@dataclass(frozen=True)
class Intervals:
    """Of the 95 % intervals of all pairs."""

    coverage: float
    """Percent."""
    half_width: float
    """Points."""
    naive: float
    """Coverage of mean ± 1.96 standard errors over seeds, in percent."""


@dataclass(frozen=True)
class Orders:
    """What the rank sets of tables say that is or is not true, all in percent."""

    equal_ordered: float
    """Of the pairs of equal rows."""
    false_tables: float
    """Of the tables: those with any order that is not true."""
    true_found: float
    """Of the pairs that differ; NaN where none does."""
    wrong_sets: float
    """Of the rows: those whose set holds none of their true ranks."""
    best_missed: float
    """Of the tables: those where no truly best row may be best."""


def simulate(
    noise: Noise, seeds: int, *, tables: int, stream: int = 0
) -> tuple[Intervals, list[Orders]]:
    """Draw tables and compare what is said of their rows with each of the ``TRUTHS``."""
    rngs = [
        np.random.default_rng([stream, seeds, round(100 * noise.seed), n]) for n in range(tables)
    ]
    found = [_of_table(draw_section(rng, noise, seeds)) for rng in rngs]
    intervals = np.array([it for it, _ in found]).mean(axis=0)
    orders = np.array([it for _, it in found]).mean(axis=0)
    return Intervals(*intervals.tolist()), [Orders(*it) for it in orders.tolist()]


def beside_a_wild_row(noise: Noise, seeds: int, *, tables: int, wild: float = WILD) -> Intervals:
    """Return how the intervals of all other pairs are, where one row is so many times as noisy."""
    found = []
    for number in range(tables):
        rng = np.random.default_rng([1, seeds, round(100 * noise.seed), number])
        rows = draw_section(rng, noise, seeds, wild=wild)
        others = [rows.difference(*pair) for pair in PAIRS if 0 not in pair]
        found.append(_of_pairs(rows, others))
    return Intervals(*np.array(found).mean(axis=0).tolist())


def _of_table(rows: Scored) -> tuple[tuple[float, ...], list[tuple[float, ...]]]:
    estimates = [rows.difference(*pair) for pair in PAIRS]
    orders = [_orders(rows, estimates, truth) for truth in TRUTHS.values()]
    return _of_pairs(rows, estimates), orders


def _of_pairs(rows: Scored, estimates: Sequence[Estimate]) -> tuple[float, ...]:
    ends = np.array([it.interval().points for it in estimates])
    covered = (ends[:, 0] <= 0) & (ends[:, 1] >= 0)
    width = float((ends[:, 1] - ends[:, 0]).mean()) / 2
    return 100 * float(covered.mean()), width, 100 * _naive(rows)


def _orders(rows: Scored, estimates: Sequence[Estimate], truth: Array) -> tuple[float, ...]:
    # Rows that are better by so many points have the same noise.
    true = np.array([truth[a] - truth[b] for a, b in PAIRS])
    moved = [replace(it, mean=it.mean + POINT * by) for it, by in zip(estimates, true, strict=True)]
    signs = np.array([it.sign(ROWS - 1) for it in moved])
    sets = rows.ranked_by(dict(zip(PAIRS, signs.tolist(), strict=True)))
    first = [1 + int((truth > it).sum()) for it in truth]
    last = [int((truth >= it).sum()) for it in truth]
    wrong = [s.best > b or s.worst < a for s, a, b in zip(sets, first, last, strict=True)]
    best = [s.may_be_best for s, place in zip(sets, first, strict=True) if place == 1]
    different = true != 0
    found = (signs == np.sign(true))[different]
    return (
        100 * float((signs[~different] != 0).mean()),
        100 * float(((signs != 0) & (signs != np.sign(true))).any()),
        100 * float(found.mean()) if different.any() else float("nan"),
        100 * float(np.mean(wrong)),
        100 * float(not any(best)),
    )


def _naive(rows: Scored) -> float:
    means = rows.scores.mean(axis=2)
    difference = np.array([means[a] - means[b] for a, b in PAIRS])
    error = difference.std(axis=1, ddof=1) / np.sqrt(difference.shape[1])
    return float((np.abs(difference.mean(axis=1)) <= NORMAL * error).mean())


def main(tables: int) -> None:
    """Print how intervals and how rank sets err, each as a table in Markdown."""
    cases = {
        (f"{100 * reduction:g} %", f"{seeds}"): (noise, seeds)
        for reduction, noise in PUBLISHED.items()
        for seeds in SEEDS
    }
    found = {at: simulate(*which, tables=tables) for at, which in cases.items()}
    print(f"95 % intervals of all pairs, {tables} tables each\n")
    _print_intervals({at: its for at, (its, _) in found.items()})
    print(f"\nthe same of all other pairs, where one row is {WILD:g} times as noisy\n")
    _print_intervals({at: beside_a_wild_row(*which, tables=tables) for at, which in cases.items()})
    heads = (
        "equal pairs ordered",
        "false tables",
        "true orders found",
        "wrong sets",
        "best missed",
    )
    for index, name in enumerate(TRUTHS):
        print(f"\n{name}\n")
        orders = [(at, both[index]) for at, (_, both) in found.items()]
        # Where all rows are equal there is no true order to find.
        lines = [
            (*at, *(f"{x:.2f}".replace("nan", "-") for x in vars(it).values())) for at, it in orders
        ]
        print(markdown_table((*WHERE, *heads), lines))


def _print_intervals(found: Mapping[tuple[str, str], Intervals]) -> None:
    lines = [
        (*at, f"{it.coverage:.1f}", f"{it.half_width:.2f}", f"{it.naive:.1f}")
        for at, it in found.items()
    ]
    heads = ("coverage", "half width", "± 1.96 se over seeds covers")
    print(markdown_table((*WHERE, *heads), lines))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TABLES)
