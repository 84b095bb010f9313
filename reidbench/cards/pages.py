"""All pages of a folder of cards."""

from __future__ import annotations

from collections.abc import Sequence

from reidbench.cards.card import Card
from reidbench.cards.index import index_page
from reidbench.cards.markdown import page

INDEX = "README.md"


def pages(cards: Sequence[Card]) -> dict[str, str]:
    """Return the text of every page by file name, the index first."""
    return {INDEX: index_page(cards), **{f"{card.record.name}.md": page(card) for card in cards}}
