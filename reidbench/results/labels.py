"""Labels of rows, ``NAME(OPTION=VALUE, ...) (MARK, ...)``, compared by value, not by spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

_OPENING, _CLOSING = "([{", ")]}"
_INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Label:
    """What a label says; two that say the same are equal, however they are written.

    Attributes:
        name: what stands before the brackets.
        options: each option as ``NAME=VALUE``, in any order.
        marks: words in brackets without a value, such as ``incomplete``.

    """

    name: str
    options: frozenset[str]
    marks: frozenset[str]

    def without(self, defaults: frozenset[str]) -> Label:
        """Return the label without options that have their default value: labels leave them out."""
        return replace(self, options=self.options - defaults)

    def is_variant_of(self, asked: Label) -> bool:
        """Return whether a word selects this label, if no label is exactly that word.

        A name selects all its variants, a variant its incomplete copy too, and what stands in a
        label's brackets each label that has it.
        """
        complete = replace(self, marks=self.marks - {_INCOMPLETE})
        parts = [Label(part, frozenset(), frozenset()) for part in self.options | self.marks]
        return asked in (Label(self.name, frozenset(), frozenset()), complete, *parts)


def read_label(text: str) -> Label:
    """Return what a label says: ``1e-4`` is ``0.0001``, ``True`` is ``true``, spaces are free."""
    name, *rest = pieces(text, "(")
    parts = [part for bracket in rest for part in pieces(bracket.rstrip().removesuffix(")"), ",")]
    values = [_value(part) for part in parts]
    return Label(
        name=_value(name),
        options=frozenset(value for value in values if "=" in value),
        marks=frozenset(value for value in values if value and "=" not in value),
    )


def read_options(options: Mapping[str, object]) -> frozenset[str]:
    """Return options with their values as a label that has them all says them."""
    return frozenset(_value(f"{name}={value}") for name, value in options.items())


def same_label(one: str | None, other: str | None) -> bool:
    """Return whether two labels say the same; None, for none, is the same as itself alone."""
    if one is None or other is None:
        return one is other
    return one == other or read_label(one) == read_label(other)


def selected_by(asked: Label, known: Iterable[str]) -> set[str]:
    """Return the labels that say what a word says, or else those that are variants of it."""
    read = {text: read_label(text) for text in known}
    same = {text for text, its in read.items() if its == asked}
    return same or {text for text, its in read.items() if its.is_variant_of(asked)}


def _value(text: str) -> str:
    """Write a value, or ``OPTION=VALUE``, in one way, whichever way it was written."""
    name, equals, value = text.strip().partition("=")
    if equals:
        return f"{name.strip()}={_value(value)}"
    if name[:1] in ("[", "(") and name[-1:] in _CLOSING:
        return f"[{','.join(map(_value, pieces(name[1:-1], ',')))}]"
    if name.lower() in ("true", "false", "none", "null"):
        return name.lower().replace("null", "none")
    try:
        share = name.endswith("%")  # as tables show reductions
        return str((Decimal(name.rstrip("% ")) / (100 if share else 1)).normalize())
    except ArithmeticError:  # no number
        return name.strip("'\"")


def pieces(text: str, separator: str) -> Iterator[str]:
    """Split a text at a separator that stands in no bracket."""
    depth = start = 0
    for place, sign in enumerate(text):
        if sign == separator and depth == 0:
            yield text[start:place]
            start = place + 1
        depth += (sign in _OPENING) - (sign in _CLOSING)
    yield text[start:]
