"""Trials that were run again beside their published results, for a terminal and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from reidbench.leaderboard.agreement import DEVIATIONS, Agreement
from reidbench.results import Result

HEADS = ("trial", "key", "mAP published", "mAP again", "difference", "seed deviation", "verdict")
WORDS = {
    "identical": "identical to the bit",
    "agrees": "agrees",
    "differs": "differs",
    "no seeds": "not judged: no row has two seeds",
    "failed": "failed",
}
LEGEND = (
    "Scores in points. Seed deviation: how far another seed moves a row of that table (its sample "
    "standard deviation, shrunk towards the mean variance of its section). Agrees: at most "
    f"{DEVIATIONS:g} of them apart."
)


def agreement_text(made: Sequence[Agreement]) -> str:
    """Write the table, what differed between then and now, and the legend, for a terminal."""
    return _document(made, tabulate(_rows(made), HEADS, disable_numparse=True, stralign="right"))


def agreement_page(made: Sequence[Agreement]) -> str:
    """Write the same as a Markdown page."""
    table = tabulate(_rows(made), HEADS, tablefmt="github", disable_numparse=True, stralign="right")
    return f"# Published trials, run again\n\n{_document(made, table)}\n"


def _document(made: Sequence[Agreement], table: str) -> str:
    good = sum(it.verdict in ("identical", "agrees") for it in made)
    lines = [f"{good} of {len(made)} agree.", "", table, "", LEGEND, "", *_changes(made)]
    return "\n".join(lines)


def _rows(made: Sequence[Agreement]) -> Iterator[tuple[str, ...]]:
    for it in made:
        yield (
            str(it.published.trial),
            it.published.key,
            _map(it.published),
            _map(it.again),
            "-" if it.difference is None else f"{100 * it.difference:+.2f}",
            _points(it.deviation),
            WORDS[it.verdict],
        )


def _map(result: Result) -> str:
    return _points(None if result.scores is None else result.scores.final.mAP)


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}"


def _changes(made: Sequence[Agreement]) -> Iterator[str]:
    counts = Counter(change for it in made for change in it.changes)
    if not counts:
        yield "Nothing that is recorded differs between then and now."
        return
    yield "Then and now:"
    yield ""
    for change, count in counts.items():
        yield f"- {change}" + ("" if count == len(made) else f" ({count} of {len(made)} trials)")
