"""A reader's questions, written before the pages, are answered within two clicks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documentation.site import Page, Site

QUESTIONS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("questions.yaml").read_text(encoding="utf-8")
)
FRONT, CLICKS = Path("index.html"), 2


def follow(site: Site, clicks: list[str]) -> tuple[Page, str]:
    """Return the page, and the place in it, where links with these words lead from the front."""
    page, place = site.pages[FRONT], ""
    for words in clicks:
        target = next((site.target(page, link) for text, link in page.links if text == words), None)
        assert target, f"no link '{words}' on {page.path}"
        page, place = site.pages[target[0].relative_to(site.folder)], target[1]
    return page, place


def plain(text: str) -> str:
    return " ".join(text.split())


def test_there_are_forty() -> None:
    assert len({question["question"] for question in QUESTIONS}) == 40


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked["question"])
def test_a_question_is_answered_within_two_clicks(asked: dict[str, Any], site: Site) -> None:
    assert len(asked["clicks"]) <= CLICKS
    page, place = follow(site, asked["clicks"])
    text = plain(page.sections[place] if place else " ".join(page.sections.values()))
    assert asked["answer"]
    assert [words for words in asked["answer"] if plain(words) not in text] == []
