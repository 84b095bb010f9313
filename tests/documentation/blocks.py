"""The code blocks of a page, in order, with what a comment before each says about running it.

A block runs unless a comment in front of it gives the reason why not:

    <!-- not run: needs ImageNet -->
    <!-- nightly: seven minutes -->
    <!-- tested: tests/engine/deployment/test_pages.py -->

``<!-- setup CODE -->`` is Python that runs unseen, before the blocks below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.places import ROOT

OUTPUT = ("", "text")
"""Languages of blocks that show what a command prints."""
_COMMENT = re.compile(r"\s*<!--\s*(not run|nightly|tested|setup)\b:?\s*(.*?)\s*-->\s*", re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A code block, or Python that sets the scene for the next ones.

    Attributes:
        line: where its text begins in the page, from 1.
        language: ``setup``, or the word behind the fence.
        title: the file that it shows, relative to the reader's folder; empty for commands and code.
        mark: ``not run``, ``nightly``, ``tested``, or empty.
        reason: what the mark says.

    """

    page: Path
    line: int
    language: str
    title: str
    text: str
    mark: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every page that users read."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page from top to bottom, those that only show output left out."""
    before: Token | None = None
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        comment = _COMMENT.fullmatch(token.content) if token.type == "html_block" else None
        if comment and comment[1] == "setup":
            yield Block(page, _line(token), "setup", "", comment[2] + "\n")
        elif token.type == "fence" and _language(token) not in OUTPUT:
            yield _block(page, token, before)
        before = token


def _block(page: Path, fence: Token, before: Token | None) -> Block:
    title = _TITLE.search(fence.info)
    comment = _COMMENT.fullmatch(before.content) if before and before.type == "html_block" else None
    mark, reason = (comment[1], comment[2]) if comment else ("", "")
    name = title[1] if title else ""
    return Block(page, _line(fence), _language(fence), name, fence.content, mark, reason)


def _language(fence: Token) -> str:
    return fence.info.partition(" ")[0]


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 2  # counted from 1, and behind the fence
