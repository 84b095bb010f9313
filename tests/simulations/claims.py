"""How often the intervals of claims miss, which pool rows of several tables.

``python -m tests.simulations.claims [CLAIMS]`` prints the table of the decision record 0021.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from reidbench.leaderboard.statistics.contrast import Term, contrast
from tests.leaderboard.statistics.sections import Scored
from tests.simulations.printing import markdown_table
from tests.simulations.ranks import SEEDS
from tests.simulations.tables import PUBLISHED, Noise, draw_people, draw_section

CLAIMS = 1000
ROWS = 7
TARGETS = range(3)

Contrast = Callable[[list[Scored], list[Scored]], list[Term]]


def within_tables(first: list[Scored], _: list[Scored]) -> list[Term]:
    """Compare five rows with the dense one of their table, on three targets."""
    return [
        term
        for table in first
        for row in range(1, 6)
        for term in (table.term(1 / 15, row), table.term(-1 / 15, 0))
    ]


def between_tables(first: list[Scored], second: list[Scored]) -> list[Term]:
    """Compare five rows with the same of another scenario, on three targets."""
    return [
        term
        for one, other in zip(first, second, strict=True)
        for row in range(1, 6)
        for term in (one.term(1 / 15, row), other.term(-1 / 15, row))
    ]


def one_pair_between_tables(first: list[Scored], second: list[Scored]) -> list[Term]:
    """Compare one row with one of another scenario."""
    return [first[0].term(1, 1), second[0].term(-1, 1)]


KINDS: dict[str, Contrast] = {
    "within tables": within_tables,
    "between tables": between_tables,
    "one pair between tables": one_pair_between_tables,
}


def coverage(noise: Noise, seeds: int, kind: Contrast, *, claims: int) -> tuple[float, float]:
    """Return how often the interval covers no difference, in percent, and its mean half width."""
    covered, width = 0, 0.0
    for number in range(claims):
        rng = np.random.default_rng([seeds, round(100 * noise.seed), number])
        people = [draw_people(rng) for _ in TARGETS]
        first, second = (
            [
                draw_section(rng, noise, seeds, rows=ROWS, test_set=it, people=people[it])
                for it in TARGETS
            ]
            for _ in range(2)
        )
        found = contrast(kind(first, second))
        assert found is not None
        low, high = found.interval().points
        covered += low <= 0 <= high
        width += (high - low) / 2
    return 100 * covered / claims, width / claims


def main(claims: int) -> None:
    """Print coverage and half width of each kind of claim as a table in Markdown."""
    lines = []
    for reduction, noise in PUBLISHED.items():
        for seeds in SEEDS:
            found = [coverage(noise, seeds, kind, claims=claims) for kind in KINDS.values()]
            cells = [f"{share:.1f} (± {half:.1f})" for share, half in found]
            lines.append((f"{100 * reduction:g} %", f"{seeds}", *cells))
    print(markdown_table(("fewer MACs", "seeds", *KINDS), lines))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CLAIMS)
