"""What every component says of itself: a summary in its record, its options in a docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from reidbench.api.records import Record
from reidbench.testing.check import CheckFailed, trying


def summary_faults(record: Record, example: str) -> Iterator[str]:
    """Say what is wrong with a record's summary; ``example`` is a sentence as it should be."""
    if len(record.summary.split()) < 3 or not record.summary.endswith("."):
        yield (
            f"its record's summary is {record.summary!r}, where a sentence was expected; write "
            f"one, as in '{example}'"
        )


def option_faults(record: Record, text: str, where: str) -> Iterator[str]:
    """Say which options a docstring does not name; ``where`` says whose docstring it is."""
    for option in record.options:
        if not re.search(rf"\b{option.replace('_', '[_ ]')}\b", text, re.I):
            yield (
                f"its option '{option}' does not appear in the docstring of {where}; say there "
                "what it does"
            )


def refuse_undocumented(component: object, record: Record, example: str) -> None:
    """Fail a check for the first fault of the summary, or of the target's docstring.

    Raises:
        CheckFailed: what is wrong, said of ``component``.

    """
    with trying(record, "when its target was read"):
        faults = list(_target_faults(record, example))
    for fault in faults:
        raise CheckFailed(f"{component}: {fault}")


def _target_faults(record: Record, example: str) -> Iterator[str]:
    """Say what is wrong with the summary, and with the docstring of a target that makes things."""
    yield from summary_faults(record, example)
    target = record.load()
    # Of a functools.partial, the function that it calls.
    text = inspect.getdoc(getattr(target, "func", target)) or ""
    if record.options:
        yield from option_faults(record, text, record.target)
