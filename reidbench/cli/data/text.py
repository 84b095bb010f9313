"""Tables and paragraphs about data sets for a terminal of a hundred columns."""

from __future__ import annotations

import textwrap

from tabulate import tabulate

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.datasets.check import compare


def counts_table(data: ReIDData | ClassificationData) -> str:
    """Return the table; without published counts it has a column for what was found alone."""
    comparisons = compare(data)
    if all(one.published is None for one in comparisons):
        rows = [(one.what, f"{one.found:,}") for one in comparisons]
        return tabulate(rows, headers=("what", "found"), colalign=("left", "right"))
    rows_of_four = [
        (
            one.what,
            f"{one.found:,}",
            "-" if one.published is None else f"{one.published:,}",
            one.verdict,
        )
        for one in comparisons
    ]
    return tabulate(
        rows_of_four,
        headers=("what", "found", "published", "verdict"),
        colalign=("left", "right", "right", "left"),
    )


def wrapped(text: str, indent: int = 0) -> str:
    """Return text in lines; every one but the first is indented. Names and addresses stay whole."""
    return textwrap.fill(
        text,
        width=98,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
