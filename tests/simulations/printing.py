"""Tables in Markdown, as decision records have them."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Write a table whose cells align right."""
    rows = [heads, ["---:"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
