"""Lines of a regime's log: those that are alike in some fields, and their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]
Row = tuple[str, str, str]
"""A row of the table of bars: what, measured, bar."""
DEFAULTS: Line = {"scenario": "target-only", "source": 1.0}
"""What older lines, of regimes without a source, do not say."""


def alike(lines: Sequence[Line], **values: Any) -> list[Line]:
    """Return the lines that have these values."""
    return [line for line in lines if values.items() <= {**DEFAULTS, **line}.items()]


def gain(line: Line, other: Line, score: str = "mAP", unit: str = "mAP") -> str:
    """Return by how much one line scores more than another."""
    return f"{line[score] - other[score]:+.2f} {unit}"
