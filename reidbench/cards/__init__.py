"""Method cards: one page a method, from its record, its docstring and its measured cost."""

from reidbench.cards.card import Card, make_cards
from reidbench.cards.costs import (
    Cost,
    CostError,
    MeasuringConditions,
    read_costs,
    updated,
    write_costs,
)
from reidbench.cards.markdown import INDEX, index_page, page, pages

__all__ = [
    "INDEX",
    "Card",
    "Cost",
    "CostError",
    "MeasuringConditions",
    "index_page",
    "make_cards",
    "page",
    "pages",
    "read_costs",
    "updated",
    "write_costs",
]
