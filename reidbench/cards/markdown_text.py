"""Turns a docstring's text into Markdown that shows its formulas as they are."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from tabulate import tabulate

WIDTH = 100
_CODE = re.compile(r"(?::\w+:)?(``.+?``|`[^`]+`)")
# Escaped only where Markdown would act, so that the source stays readable: W_j is left alone.
_ACTIVE = re.compile(
    r"\\|(?<!\s)\*|\*(?!\s)|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\](?=\()"
)
# These would begin a list, a heading or a quotation at the start of a line.
_STARTER = re.compile(r" (?=([-+*=#>~|]+|\d+[.)]) )")


def prose(text: str) -> str:
    """Return text as Markdown: code stays code, and nothing else has an effect."""
    parts = _CODE.split(text)
    return "".join(
        f"`{part.strip('`')}`" if index % 2 else _ACTIVE.sub(r"\\\g<0>", part)
        for index, part in enumerate(parts)
    )


def cell(text: str) -> str:
    """Return text as Markdown for a cell of a table."""
    return prose(text).replace("|", "\\|")


def paragraph(text: str, first: str = "", rest: str | None = None) -> str:
    """Return text as a Markdown paragraph of lines that begin with ``first`` and ``rest``."""
    filled = wrapped(_STARTER.sub("\0", prose(text)), first, first if rest is None else rest)
    return filled.replace("\0", " ")


def bullets(texts: Iterable[str]) -> str:
    """Return texts as a Markdown list."""
    return "\n".join(paragraph(text, "- ", "  ") for text in texts)


def wrapped(text: str, first: str = "", rest: str = "") -> str:
    """Return text that is Markdown already in lines of one width."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """Return a Markdown table, whose last ``numbers`` columns are aligned to the right."""
    align = ["left"] * (len(headers) - numbers) + ["right"] * numbers
    return tabulate(
        list(rows), headers=headers, tablefmt="pipe", colalign=align, disable_numparse=True
    )
