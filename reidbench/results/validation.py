"""How a result that is not allowed is reported."""

from __future__ import annotations

from pydantic import ValidationError

from reidbench.errors import ReidbenchError


class ResultError(ReidbenchError):
    """A result file that cannot be read."""


def faults(error: ValidationError) -> list[tuple[str, str]]:
    """Return the field of each fault, dotted, and what is wrong with it."""
    return [
        (".".join(map(str, (*each["loc"], *each.get("ctx", {}).get("at", ())))), each["msg"])
        for each in error.errors()
    ]


def first_fault(error: ValidationError) -> str:
    """Write the first fault as a sentence that says what to do."""
    field, message = faults(error)[0]
    return f"field '{field}': {message}; restore the file as it was written, or run its trial again"
