"""A finding: what is wrong with a submission, where, why it matters, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from reidbench.text import counted

FEW = 3
"""Lines that are named of a finding that many lines have."""


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


def by_kind(found: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """Return each finding once, sorted, with a remark on the other lines that have the same."""
    lines: dict[Finding, list[int]] = defaultdict(list)
    for finding in sorted(found):
        lines[replace(finding, line=0)].append(finding.line)
    return sorted((replace(it, line=own[0]), _others(own[1:])) for it, own in lines.items())


def _others(lines: list[int]) -> str:
    if not lines:
        return ""
    few = ", ".join(map(str, lines[:FEW]))
    return f" (and {counted(len(lines), 'more line')}: {few}{', ...' * (len(lines) > FEW)})"


def shown(value: object) -> str:
    """Write a value of a stranger's file so that it is short, on one line, and does nothing."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
