"""Text of docstrings shows in Markdown as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reidbench.cards.markdown_text import WIDTH, bullets, cell, paragraph, prose


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("``power`` and `this`", "`power` and `this`"),
        (":meth:`scores`", "`scores`"),
        ("``a_b * c``", "`a_b * c`"),
        ("Σ_i W_j a * b", "Σ_i W_j a * b"),
        ("P* of _all_", "P\\* of \\_all\\_"),
        ("Σ_{v≥u}", "Σ\\_{v≥u}"),
        ("a < b <b>", "a < b \\<b>"),
        ("[0, 1) [x](y)", "[0, 1) [x\\](y)"),
        ("a\\b", "a\\\\b"),
    ],
)
def test_only_what_markdown_would_act_on_is_escaped(text: str, markdown: str) -> None:
    assert prose(text) == markdown


def test_a_bar_does_not_end_a_cell() -> None:
    assert cell("|ω|") == "\\|ω\\|"


_signs = [
    *"-+*=#>~|_<[]()`&\\:!",
    "1.",
    "2)",
    "***",
    "---",
    "===",
    "~~~",
    "&lt;",
    "](x)",
    "word",
    "‖",
]
_parts = st.lists(st.sampled_from([*_signs, " ", " "]), max_size=40).map("".join)
_words = st.lists(st.sampled_from([*_signs, "word", "‖W_j‖₂", "x" * 120]), max_size=60)


def shown(markdown: str) -> str:
    """Return what a reader of CommonMark sees, if it is one paragraph of nothing but text."""
    opening, inline, closing = MarkdownIt("commonmark").enable("table").parse(markdown)
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    assert {child.type for child in inline.children} <= {"text", "softbreak"}
    return " ".join(" ".join(child.content for child in inline.children).split())


@given(_parts | _words.map(" ".join))
def test_a_paragraph_shows_what_stands_in_the_docstring(text: str) -> None:
    text = " ".join(f"Begin {text.replace('`', '')} end".split())
    assert shown(paragraph(text)).replace(" ", "") == text.replace(" ", "")


@given(_words)
def test_wrapping_changes_no_word(words: list[str]) -> None:
    text = " ".join(["Begin", *words, "end"])
    assert paragraph(text).split() == prose(text).split()


def test_lines_are_short_and_lists_hang() -> None:
    lines = bullets(("word " * 50, "other")).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert [line[:2] for line in lines] == ["- ", "  ", "  ", "- "]
