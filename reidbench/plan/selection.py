"""Selects a part of a plan by the names of its components and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from reidbench.errors import ReidbenchError, did_you_mean
from reidbench.plan.trials import NotApplicable, Plan, Trial
from reidbench.results import read_label, read_options, selected_by

KINDS = ("scenario", "target", "method", "backbone", "source", "reduction", "seed")
"""What a word may name; of two kinds with one name, the first is meant."""

Names: TypeAlias = Mapping[str, frozenset[str]]
"""A row's names, by kind."""


class SelectionError(ReidbenchError):
    """A selection that names nothing, or leaves nothing."""


def select(plan: Plan, words: Sequence[str]) -> Plan:
    """Return the part of a plan that ``words`` name: ``NAME``, or ``kind=NAME``; all for no word.

    A component's name selects itself, and all its variants if none has exactly this name; so does
    what stands in a variant's brackets: ``split=1`` of ``pku-reid(split=1) (incomplete)``. Values
    are compared, not spellings: ``1e-4`` is ``0.0001``. Words of one kind are alternatives; a row
    must have a name of every kind that is asked for.

    Raises:
        SelectionError: a word that names nothing in the grid, or words that leave nothing of it.

    """
    if not words:
        return plan
    named = [(row, _names(row, plan.suite.reductions)) for row in plan.rows]
    known = [names for _, names in named]
    defaults = _defaults(plan)
    wanted: dict[str, set[str]] = {}
    for word in words:
        if (means := meaning(known, word, defaults)) is None:
            raise _nothing_called(known, word)
        kind, names = means
        wanted.setdefault(kind, set()).update(names)
    rows = [row for row, its in named if all(its[kind] & names for kind, names in wanted.items())]
    if not rows:
        asked = " ".join(f"--only {word}" for word in words)
        raise SelectionError(f"{asked}: no trial of the suite is all of these; leave one out")
    return replace(
        plan,
        trials=tuple(row for row in rows if isinstance(row, Trial)),
        left_out=tuple(row for row in rows if isinstance(row, NotApplicable)),
    )


def _names(row: Trial | NotApplicable, reductions: Iterable[float]) -> Names:
    # A method that removes nothing is the reference of every reduction.
    compared_at = (row.id.reduction,) if row.id.reduction else reductions
    return {
        "scenario": frozenset({row.id.scenario}),
        "target": frozenset({row.id.target}),
        "method": frozenset({row.id.method}),
        "backbone": frozenset({row.id.backbone}),
        "source": frozenset(data.label for name, data in row.data.items() if name != "target"),
        "reduction": frozenset(map(str, compared_at)),
        "seed": frozenset({str(row.id.seed)}),
    }


def _defaults(plan: Plan) -> dict[str, frozenset[str]]:
    """Return the default options of each component, which its label leaves out."""
    used = {one.component.record for row in plan.rows for one in row.components.values()}
    return {record.name: read_options(record.options) for record in used}


def meaning(
    rows: Sequence[Names], word: str, defaults: Mapping[str, frozenset[str]]
) -> tuple[str, set[str]] | None:
    """Return the kind of a word, and the names of that kind that it selects; None for none.

    ``defaults`` are the default options of components, by name, which labels leave out.
    """
    asked, name = _divided(word)
    label = read_label(name)
    label = label.without(defaults.get(label.name, frozenset()))
    for kind, known in _known(rows, asked).items():
        if meant := known & {name} or selected_by(label, known):
            return kind, meant
    return None


def _divided(word: str) -> tuple[str, str]:
    """Return the kind that a word names, "" for none, and the rest of it."""
    named, _, name = word.partition("=")
    # An option of a variant has an equals sign of its own.
    return (named.strip(), name) if named.strip() in KINDS else ("", word)


def _known(rows: Sequence[Names], asked: str) -> dict[str, set[str]]:
    kinds = (asked,) if asked else KINDS
    return {kind: {each for names in rows for each in names[kind]} for kind in kinds}


def _nothing_called(rows: Sequence[Names], word: str) -> SelectionError:
    asked, name = _divided(word)
    every = sorted(set().union(*_known(rows, asked).values()))
    if not asked and "=" in word and "(" not in word:
        return SelectionError(
            f"--only {word}: '{word.partition('=')[0].strip()}' is none of {', '.join(KINDS)}, "
            "and no option of a variant"
        )
    return SelectionError(
        f"--only {word}: the suite has no such {asked or 'name'}{did_you_mean(name, every)} "
        f"(it has: {', '.join(every)})"
    )
