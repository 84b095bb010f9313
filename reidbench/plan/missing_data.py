"""Finds the data sets that a plan needs and that the user has yet to bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reidbench.datasets.locate import MissingData, looked_for
from reidbench.datasets.neighbours import hint
from reidbench.plan.components import ConfiguredData, distinct
from reidbench.plan.nodes import LoadNode
from reidbench.plan.trials import Plan, Trial


def data_read(trials: Iterable[Trial]) -> list[ConfiguredData]:
    """Return the data sets of which trials read images, each once."""
    return distinct(
        node.data
        for trial in trials
        for node in (*trial.phases, trial.final)
        if not isinstance(node, LoadNode)
    )


def missing_text(plan: Plan, data: Sequence[ConfiguredData]) -> str:
    """Return which data sets are not there, where each was looked for, and how to get one.

    Names what runs without them; empty if all are there.
    """
    missing = [each for each in data if each.missing]
    if not missing:
        return ""
    places = "\n".join(f"  {each.label}: {_sought(each)}" for each in missing)
    mini = plan.suite.miniature
    instead = f"\nThe same in miniature, without any: reidbench run {mini}" if mini else ""
    return (
        f"suite '{plan.suite.name}' needs data that are not there (--data):\n"
        f"{places}\nHow to get one: reidbench data show {missing[0].record.name}. "
        f"A part of the suite: --only NAME.{instead}"
    )


def _sought(data: ConfiguredData) -> str:
    near = hint(data.record, data.root)
    return "; ".join([*looked_for(data.record, data.root), *([near] if near else [])])


def refuse_missing(plan: Plan, data: Sequence[ConfiguredData]) -> None:
    """Refuse a plan whose data sets are not all there; names all that are missing.

    Raises:
        MissingData: with where each was looked for, and what runs without them.

    """
    if text := missing_text(plan, data):
        raise MissingData(text)
