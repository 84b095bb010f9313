"""A docstring is taken apart whatever its shape, and read without importing torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.api.records import TargetError
from reidbench.cards.card import Explanation, docstring_of, explanation, first_sentence
from tests.cards.builders import component


def of(target: str) -> str:
    return docstring_of(component(target).record)


def test_the_first_paragraph_is_the_formula_and_the_others_follow() -> None:
    text = explanation("Score a\n    + b.\n\n    More\n    of it.\n\n    And more.\n    ")
    assert text == Explanation("Score a + b.", ("More of it.", "And more."))


def test_each_bullet_is_a_deviation_with_its_continuation_lines() -> None:
    text = explanation("F.\n\nDeviations:\n    * One,\n      and on.\n\n    * Two.\n    - Three.")
    assert text.deviations == ("One, and on.", "Two.", "Three.")


def test_a_deviation_without_a_bullet_is_one_too() -> None:
    assert explanation("F.\n\nDeviations:\n    Only\n    this.").deviations == ("Only this.",)


@pytest.mark.parametrize("section", ["Raises", "Args", "Returns", "Attributes", "Example"])
def test_other_sections_are_left_out(section: str) -> None:
    text = explanation(f"F.\n\n{section}:\n    x: y.\n\nDeviations:\n    * D.\n\nEnd.")
    assert text == Explanation("F.", ("End.",), ("D.",))


def test_a_line_that_ends_on_a_colon_is_no_section() -> None:
    text = explanation("Here it is:\n\n``form`` is:\nthis.")
    assert text == Explanation("Here it is:", ("``form`` is: this.",))


@pytest.mark.parametrize("empty", ["", "  \n \n"])
def test_nothing_is_said_by_an_empty_docstring(empty: str) -> None:
    assert explanation(empty) == Explanation()


_word = st.from_regex(r"[a-zΣ‖_]{1,8}", fullmatch=True)
_sentence = st.lists(_word, min_size=1, max_size=40).map(" ".join)


@given(_sentence, st.lists(_sentence, max_size=3), st.lists(_sentence, max_size=3))
def test_what_is_written_down_is_what_is_read(
    formula: str, paragraphs: list[str], deviations: list[str]
) -> None:
    section = ["Deviations:\n" + "\n".join(f"    * {d}" for d in deviations)] if deviations else []
    written = "\n\n".join([formula, *paragraphs, *section, "Raises:\n    ValueError: never."])
    assert explanation(written) == Explanation(formula, tuple(paragraphs), tuple(deviations))


def test_a_class_that_says_nothing_does_not_speak_with_its_base_class() -> None:
    assert of("Silent") == ""


def test_a_target_without_a_statement_of_its_own_is_imported() -> None:
    assert of("Computed") == "Made by a call, so no source says this."


def test_a_target_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(TargetError, match="cannot be imported"):
        of("tests.cards.criteria:Absent")
    with pytest.raises(TargetError, match="cannot be imported"):
        of("tests.cards.absent:Absent")


def test_a_familys_sentence_is_the_first_of_its_package() -> None:
    assert first_sentence("reidbench.cards").startswith("Method cards: one page a method")
    assert first_sentence("reidbench.absent") == ""


def test_reading_a_docstring_imports_no_target() -> None:
    code = (
        "import sys; from reidbench.plugins import discover; from reidbench.cards import make_cards"
        "; made = make_cards([c for c in discover().methods.components"
        " if c.owner.name == 'builtin']); assert made and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
