"""The index of the cards, a row for each method by family; and all pages of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from reidbench.cards import labels
from reidbench.cards.card import Card
from reidbench.cards.markdown import page
from reidbench.cards.markdown_text import cell, prose, table, wrapped

INDEX = "README.md"
INTRODUCTION = """\
# Methods

A page each: what it computes and where that comes from, what it costs, and every way in which it
differs from its source. The pages are written from records, docstrings and `costs.json` by

```sh
reidbench cards --out docs/methods                  # a record or a docstring has changed
reidbench cards NAME --measure --out docs/methods   # what the method NAME costs has changed
```"""
COLUMNS = (
    "method",
    "what it does",
    "strategy, allocation",
    "looks at",
    "ranking, s",
    "whole cut, s",
)
STALE = "\\* measured with another version of the method."


def pages(cards: Sequence[Card]) -> dict[str, str]:
    """Return the text of every page by file name, the index first."""
    return {INDEX: index_page(cards), **{f"{card.record.name}.md": page(card) for card in cards}}


def index_page(cards: Sequence[Card]) -> str:
    """Write the index of all cards; families and their methods in alphabetical order."""
    blocks = [INTRODUCTION, *_costs(cards)]
    for family in sorted({card.family for card in cards}, key=lambda family: family.name):
        own = sorted((c for c in cards if c.family == family), key=lambda card: card.record.name)
        blocks += [
            f"## {family.name}",
            prose(family.sentence),
            table(COLUMNS, map(_row, own), numbers=2),
        ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _costs(cards: Iterable[Card]) -> Iterator[str]:
    """Explain the columns of seconds, and name the machines."""
    costs = [card.cost for card in cards if card.cost is not None]
    if not costs:
        yield "Costs are not measured yet."
        return
    shared = [cost.recalibration for cost in costs if cost.recalibration is not None]
    yield wrapped(
        "*ranking*: scores of all channels, once"
        + (f"; {labels.seconds(median(shared))} s of it recalibrate batch norm" if shared else "")
        + ", the same for every method. *whole cut*: all rankings, refits and removals of a prune "
        "phase, without its training, nor what a penalty adds to that. A dash: the card says why."
    )
    yield from dict.fromkeys(wrapped(labels.conditions(cost.setting)) for cost in costs)
    if any(card.is_stale for card in cards):
        yield STALE


def _row(card: Card) -> list[str]:
    record, cost = card.record, card.cost
    mark = r"\*" if card.is_stale else ""
    cuts = record.prunes != "nothing"
    return [
        f"[{record.name}]({record.name}.md)",
        cell(record.summary),
        f"{record.strategy}, {record.allocation}" if cuts else "-",
        record.data if cuts else "-",
        labels.seconds(cost.ranking) + mark if cost else "-",
        labels.seconds(cost.cut) + mark if cost else "-",
    ]
