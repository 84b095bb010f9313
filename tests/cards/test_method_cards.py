"""The published cards of the built-in methods are what the command writes today."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reidbench.cards import Card, make_cards, page, pages, read_costs
from reidbench.config.suite import load_suite
from reidbench.plan import make_plan
from reidbench.plugins import discover
from tests.support.places import ROOT
from tests.support.suites import suite_text

PUBLISHED = ROOT / "docs" / "methods"
WRITE = "reidbench cards --out docs/methods"


def cards() -> list[Card]:
    ours = [c for c in discover().methods.components if c.owner.name == "builtin"]
    return make_cards(ours, read_costs(PUBLISHED / "costs.json"))


CARDS = cards()
NAMES = [card.record.name for card in CARDS]


def test_there_is_a_page_for_every_method_and_for_no_other() -> None:
    there = {path.name for path in PUBLISHED.glob("*.md")}
    missing, left = set(pages(CARDS)) - there, there - set(pages(CARDS))
    assert not missing, f"no page for {sorted(missing)}: run '{WRITE}'"
    assert not left, f"no method has these pages any more, remove them: {sorted(left)}"


@pytest.mark.parametrize(("name", "text"), pages(CARDS).items(), ids=pages(CARDS))
def test_a_published_page_is_what_the_command_writes(name: str, text: str) -> None:
    path = PUBLISHED / name
    published = path.read_text(encoding="utf-8") if path.exists() else ""
    # Not a comparison inside the assert: its message would bury what to do under a diff.
    fresh = published == text
    assert fresh, f"docs/methods/{name} is out of date: run '{WRITE}'"


def test_costs_are_of_built_in_methods() -> None:
    measured = {cost.method for cost in read_costs(PUBLISHED / "costs.json")}
    assert measured <= set(NAMES), f"remove {sorted(measured - set(NAMES))} from costs.json"


@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_every_card_gives_its_formula(card: Card) -> None:
    assert card.text.formula, f"give the class of '{card.record.name}' a docstring"


@pytest.mark.parametrize("card", CARDS, ids=NAMES)
def test_what_a_card_says_to_write_in_a_suite_is_a_suite(card: Card, tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", page(card), re.S)
    fields: dict[str, Any] = yaml.safe_load(block)
    suite = tmp_path / "suite.yaml"
    builtin = {"backbones": ["resnet18"], "targets": ["synthped-quick"]}
    suite.write_text(suite_text(**fields, **builtin), encoding="utf-8")
    plan = make_plan(load_suite(suite), discover())
    assert len(plan.trials) == len(fields["methods"])
