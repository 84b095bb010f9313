"""BibTeX of the methods of a leaderboard, from what their records name as their source."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reidbench.leaderboard.model import Leaderboard
from reidbench.leaderboard.render.latex import escaped

_PAPER = re.compile(
    r"(?P<author>[^,]+) et al\., (?P<title>.+), (?P<venue>[^,]*?) ?(?P<year>(?:19|20)\d\d)\b.*"
)


def to_bibtex(leaderboard: Leaderboard, references: Mapping[str, str]) -> str:
    """Write an entry for each method with a source; ``references`` are those, by method.

    A source that is not written as a paper (authors, title, venue, year) becomes a note.
    """
    used = {it.name for it in leaderboard.components if it.role == "method"}
    named = {name: references.get(name, "-") for name in sorted(used)}
    return "\n".join(_entry(name, text) for name, text in named.items() if text != "-")


def _entry(name: str, text: str) -> str:
    fields = {"note": text}
    if paper := _PAPER.fullmatch(text):
        fields = {
            "author": f"{paper['author']} and others",
            "title": paper["title"],
            "howpublished": paper["venue"],
            "year": paper["year"],
            "note": text,
        }
    lines = [f"  {field} = {{{escaped(value)}}}," for field, value in fields.items() if value]
    return "\n".join([f"@misc{{{re.sub(r'[^a-zA-Z0-9.-]', '-', name)},", *lines, "}", ""])
