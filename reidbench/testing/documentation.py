"""Checks of a record's summary and of a class's docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from reidbench.api.method import Method
from reidbench.api.records import MethodRecord
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import CheckFailed


def documents_itself(candidate: Candidate) -> None:
    """Make the method from its defaults, and check its record and docstring."""
    made = type(candidate.make())
    for fault in (*_record_faults(candidate.record), *_class_faults(candidate.record, made)):
        raise CheckFailed(f"method '{candidate.name}': {fault}")


def _record_faults(record: MethodRecord) -> Iterator[str]:
    if len(record.summary.split()) < 3 or not record.summary.endswith("."):
        yield (
            f"its record's summary is {record.summary!r}, where a sentence was expected; say in "
            "one what it removes, as in 'Removes the filters with the smallest L2 norm.'"
        )
    if record.authors_epochs is not None and not record.authors_schedule:
        yield (
            f"its record gives authors_epochs={record.authors_epochs:g} and no authors_schedule; "
            "say in a few words what the authors train"
        )


def _class_faults(record: MethodRecord, method: type[Method]) -> Iterator[str]:
    text = inspect.cleandoc(vars(method).get("__doc__") or "")
    first = text.split("\n\n", 1)[0]
    if not re.search(r"\w[^.]*[.:;]", first):
        yield (
            f"class {method.__name__} has no docstring that begins with a sentence; say how it "
            "scores, and where that comes from: method cards show it"
        )
    for option in record.options:
        if not re.search(rf"\b{option.replace('_', '[_ ]')}\b", text, re.I):
            yield (
                f"its option '{option}' does not appear in the docstring of class "
                f"{method.__name__}; say there what it does"
            )
