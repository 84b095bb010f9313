"""A finding: what is wrong with a submission, where, why it matters, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Finding:
    """One line of a report; ``look`` asks a maintainer to judge, everything else is refused."""

    file: str
    line: int
    field: str
    why: str
    remedy: str
    kind: Literal["refused", "look"] = "refused"

    def __str__(self) -> str:
        where = ":".join(filter(None, (self.file, str(self.line or ""))))
        field = f" {self.field}:" if self.field else ""
        return f"{where}:{field} {self.why}; {self.remedy}"


def shown(value: object) -> str:
    """Write a value of a stranger's file so that it is short, on one line, and does nothing."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
