"""What a newcomer reads: one page is compared with the one in ``golden/``, others in part."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import yaml

from reidbench.api.records import ALLOCATIONS, BUDGETS, STRATEGIES
from reidbench.api.records import DATA as ALL_DATA
from reidbench.api.records import PRUNES as ALL_PRUNES
from reidbench.cards import INDEX, Card, index_page, make_cards, page, pages
from reidbench.cards.card import code_file
from reidbench.cards.labels import ALLOCATION, BUDGET, DATA, PRUNES, STRATEGY, seconds
from tests.cards.builders import SETTING, card, component, cost, example

GOLDEN = Path(__file__).parent / "golden" / "squeeze.md"


def test_the_page_is_the_golden_one() -> None:
    if not GOLDEN.exists():
        GOLDEN.write_text(page(example()), encoding="utf-8")
        pytest.fail(f"{GOLDEN.name} was missing and has been written; read it, then run again")
    assert page(example()) == GOLDEN.read_text(encoding="utf-8")


def test_code_is_named_from_the_root_of_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "mine" / "plugins" / "my_pruners"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(package.parent))
    assert code_file("my_pruners") == "my_pruners.py"
    (tmp_path / "mine" / "pyproject.toml").touch()
    assert code_file("my_pruners") == "plugins/my_pruners/__init__.py"
    assert code_file("not_there.at_all") == "not_there/at_all.py"
    assert code_file("yaml.loader") == "yaml/loader.py"


def test_every_word_of_a_record_is_explained() -> None:
    assert tuple(STRATEGY) == STRATEGIES and tuple(ALLOCATION) == ALLOCATIONS
    assert tuple(DATA) == ALL_DATA and tuple(PRUNES) == ALL_PRUNES and tuple(BUDGET) == BUDGETS


def test_a_method_without_a_docstring_has_a_card_that_says_so() -> None:
    text = page(card(target="Silent"))
    assert "> *Its class has no docstring that gives a formula.*" in text
    assert "## Deviations from the source\n\nNone stated." in text
    assert "Removes the filters that say least." in text


def test_a_method_that_was_not_measured_says_how_to() -> None:
    assert "Not measured yet: `reidbench cards squeeze --measure`." in page(card())


def test_a_cost_of_another_version_is_marked() -> None:
    stale, fresh = card(cost(version="0")), card(cost())
    assert "**Measured with version 0; this is version 1.**" in page(stale)
    assert "Measured with version" not in page(fresh)
    assert r" 2.3\* |" in row(stale) and r"\* measured with another version" in index_page([stale])
    assert "2.3 |" in row(fresh) and "another version" not in index_page([fresh])


def test_what_a_method_could_not_do_is_a_dash_and_the_reason() -> None:
    text = page(card(cost(ranking=None, cut=None, parts={}, problem="no <tag> of |ω| here.")))
    assert re.search(r"^\| a ranking +\| +- \|$", text, re.M)
    assert re.search(r"^\| the whole cut +\| +- \|$", text, re.M)
    assert "\nNot measured: no \\<tag> of |ω| here.\n" in text


def test_a_method_that_prunes_nothing_has_no_strategy() -> None:
    dense = card(target="KeepsAll", prunes="nothing", control=True)
    assert "strategy" not in page(dense) and "allocation" not in page(dense)
    assert "nothing: every channel stays" in page(dense)
    assert re.search(r"\| - +\| - +\|", row(dense))


@pytest.mark.parametrize(
    ("epochs", "schedule", "says"),
    [
        (None, "", "None stated. Here every method trains for the protocol's epochs."),
        (None, "a round an epoch", "From the start of pruning on, a round an epoch."),
        (180.0, "", "From the start of pruning on, 180 epochs."),
        (2.5, "at .1", "From the start of pruning on, 2.5 epochs: at .1."),
    ],
)
def test_the_authors_schedule_is_told(epochs: float | None, schedule: str, says: str) -> None:
    text = page(card(authors_epochs=epochs, authors_schedule=schedule))
    assert f"## The authors' schedule\n\n{says}" in text
    assert ("rescaled" in text) == (epochs is not None)


def test_defaults_are_written_as_yaml_reads_them() -> None:
    options = {"a": 1e-5, "b": True, "c": None, "d": "x: y", "e": 3}
    text = page(card(options=options))
    defaults = re.findall(r"^\| `(\w)` +\| `(.*)` +\|$", text, re.M)
    assert {name: yaml.safe_load(value) for name, value in defaults} == options
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    assert yaml.safe_load(block) == {
        "methods": [
            "squeeze",
            {"method": "squeeze", "options": {"a": 1e-5}, "allocation": "global"},
        ]
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "< 0.1"), (0.1, "0.1"), (2.345, "2.3"), (9.96, "10"), (61.2, "61")],
)
def test_seconds_have_the_digits_that_count(value: float | None, text: str) -> None:
    assert seconds(value) == text


# --- the index


def many() -> list[Card]:
    named = [
        component(name="b", target="tests.cards.criteria:Draws"),
        component(name="a", target="tests.cards.criteria:Draws"),
        component(name="norm", target="tests.engine.phases.criteria:ByNorm"),
    ]
    return make_cards(named, [cost(method="a"), cost(method="b", setting=SETTING)])


def row(one: Card) -> str:
    return next(line for line in index_page([one]).splitlines() if line.startswith("| [squeeze]"))


def test_the_index_groups_methods_by_family_in_alphabetical_order() -> None:
    text = index_page(many())
    assert re.findall(r"^## (\w+)|^\| \[(\w+)\]", text, re.M) == [
        ("cards", ""), ("", "a"), ("", "b"), ("phases", ""), ("", "norm"),
    ]  # fmt: skip


def test_the_index_says_once_what_was_measured() -> None:
    assert index_page(many()).count("Measured on an") == 1
    other = cost(method="b", setting=SETTING.model_copy(update={"threads": 2}))
    cards = make_cards([component(name="a"), component(name="b")], [cost(method="a"), other])
    text = index_page(cards)
    assert "1 thread of" in " ".join(text.split()) and "2 threads of" in " ".join(text.split())


def test_there_is_a_page_for_each_method_and_an_index_that_leads_to_it() -> None:
    written = pages(many())
    assert sorted(written) == [INDEX, "a.md", "b.md", "norm.md"]
    assert set(re.findall(r"\]\((.*?)\)", written[INDEX])) == set(written) - {INDEX}


def test_pages_do_not_depend_on_the_order_of_methods() -> None:
    shuffled = many()
    random.Random(0).shuffle(shuffled)
    assert pages(shuffled) == pages(many()) and pages(many()) == pages(many())
