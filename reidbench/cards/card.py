"""What a card says of a method: its record, its docstring, its family and its cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reidbench.api.records import MethodRecord
from reidbench.cards.costs import Cost
from reidbench.cards.docstring import Explanation, docstring_of, explanation, first_sentence
from reidbench.plugins import Component


@dataclass(frozen=True)
class Family:
    """The package that holds a method, and the first sentence of its docstring."""

    name: str
    sentence: str = ""


@dataclass(frozen=True)
class Card:
    """Everything a page shows; ``cost`` may be of another version of the method."""

    record: MethodRecord
    family: Family
    text: Explanation
    cost: Cost | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the cost is one of another version."""
        return self.cost is not None and self.cost.version != self.record.version


def make_cards(
    components: Iterable[Component[MethodRecord]], costs: Iterable[Cost] = ()
) -> list[Card]:
    """Return the cards of methods, in their order.

    Raises:
        TargetError: a target that has no source and cannot be imported.
    """
    known = {cost.method: cost for cost in costs}
    return [
        Card(
            record=component.record,
            family=_family(component),
            text=explanation(docstring_of(component.record)),
            cost=known.get(component.record.name),
        )
        for component in components
    ]


def _family(component: Component[MethodRecord]) -> Family:
    package = component.record.target.split(":")[0].rpartition(".")[0]
    # A target in a top-level module belongs to no package.
    if not package:
        return Family(component.owner.name)
    return Family(package.rpartition(".")[2], first_sentence(package))
