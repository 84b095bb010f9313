"""Selects a part of a suite's grid by the names of what stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from reidbench.errors import ReidbenchError, did_you_mean

KINDS = ("scenario", "target", "method", "backbone", "source", "reduction", "seed")
"""What a word may name, the likelier first."""


class SelectionError(ReidbenchError):
    """A selection that names nothing, or leaves nothing."""


class Named(Protocol):
    """A point of the grid that can be asked for by name."""

    @property
    def names(self) -> Mapping[str, frozenset[str]]:
        """Return the point's names, by kind."""


P = TypeVar("P", bound=Named)


def select(points: Sequence[P], words: Sequence[str]) -> list[P]:
    """Return the points that ``words`` name: ``NAME``, or ``kind=NAME``.

    A component's name stands for itself, and for all its variants where none goes by it. Words of
    one kind are alternatives; a point must have a name of every kind that is asked for.

    Raises:
        SelectionError: a word that names nothing in the grid, or words that leave nothing of it.

    """
    wanted: dict[str, set[str]] = {}
    for word in words:
        kind, names = _meaning(points, word)
        wanted.setdefault(kind, set()).update(names)
    taken = [
        point
        for point in points
        if all(point.names[kind] & names for kind, names in wanted.items())
    ]
    if not taken:
        asked = " ".join(f"--only {word}" for word in words)
        raise SelectionError(f"{asked}: no trial of the suite is all of these; leave one out")
    return taken


def _meaning(points: Sequence[Named], word: str) -> tuple[str, set[str]]:
    asked, equals, name = word.partition("=")
    if not equals or "(" in asked:  # a label with options has signs of its own
        asked, equals, name = "", "", word
    kinds = (asked,) if equals else KINDS
    if equals and asked not in KINDS:
        raise SelectionError(f"--only {word}: '{asked}' is none of {', '.join(KINDS)}")
    if equals and asked in ("reduction", "seed"):
        name = _number(name)
    known = {kind: {n for point in points for n in point.names[kind]} for kind in kinds}
    for kind in kinds:
        variants = {label for label in known[kind] if label.split("(")[0].strip() == name}
        if meant := known[kind] & {name} or variants:
            return kind, meant
    every = sorted(set().union(*known.values()))
    raise SelectionError(
        f"--only {word}: the suite has no such {asked or 'name'}{did_you_mean(name, every)} "
        f"(it has: {', '.join(every)})"
    )


def _number(text: str) -> str:
    """Write ``0.50`` as the grid does: ``0.5``."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text
