"""``reidbench cards`` prints and writes without torch, and measures on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.cli.conftest import Run
from tests.cli.listings import printed

New = Callable[..., Run]
TINY = ("--protocol", "smoke/1", "--backbone", "tinynet", "--data", "tiny", "--threads", "1")
ONLY_TINY = ("--disable-plugin", "builtin")


def test_named_cards_are_printed_in_the_order_of_their_names(new_run: New) -> None:
    text = printed(new_run(), "cards", "tiny-norm", "l1")
    assert re.findall("^# (.*)", text, re.M) == ["tiny-norm", "l1"]
    assert "Not measured yet" in text


def test_without_a_name_all_cards_are_printed(new_run: New) -> None:
    text = printed(new_run(), "cards", *ONLY_TINY)
    assert len(re.findall("^# tiny-", text, re.M)) == 6


def test_a_name_that_nobody_declares_is_wrong_input(new_run: New) -> None:
    said = new_run().reidbench("cards", "tiny-form")
    assert said.returncode == 2
    assert "no plugin declares a method 'tiny-form'; did you mean 'tiny-norm'" in said.stderr


def test_what_is_only_for_measuring_is_refused_without(new_run: New) -> None:
    said = new_run().reidbench("cards", "tiny-norm", "--backbone", "tinynet")
    assert (said.returncode, said.stdout) == (2, "")
    assert "--backbone is for --measure: give it too, or leave --backbone out" in said.stderr


def test_all_pages_and_an_index_are_written_whatever_is_named(new_run: New) -> None:
    run = new_run()
    said = run.reidbench("cards", "tiny-norm", "--out", "pages", *ONLY_TINY)
    assert (said.returncode, said.stdout) == (0, "")
    names = sorted(path.name for path in (run.folder / "pages").iterdir())
    kinds = ("exits", "explodes", "idle", "nan", "norm", "raises")
    assert names == ["README.md", *(f"tiny-{kind}.md" for kind in kinds)]
    page = (run.folder / "pages" / "tiny-norm.md").read_text(encoding="utf-8")
    assert page == printed(run, "cards", "tiny-norm")


def test_measured_costs_are_kept_beside_the_pages_and_used_again(new_run: New) -> None:
    run = new_run()
    words = ("cards", "--out", "docs/methods", *ONLY_TINY)
    said = run.reidbench(*words, "--measure", "tiny-norm", "tiny-raises", *TINY)
    assert said.returncode == 0
    assert re.search(r"^tiny-norm: ranking \d+\.\d s, whole cut \d+\.\d s$", said.stderr, re.M)
    document = json.loads((run.folder / "docs" / "methods" / "costs.json").read_text())
    assert [cost["method"] for cost in document["costs"]] == ["tiny-norm", "tiny-raises"]
    assert "| a ranking" in printed(run, "cards", "tiny-norm")
    assert "Not measured: " in printed(run, "cards", "tiny-raises")
    assert "Not measured yet" in printed(run, "cards", "tiny-nan")
    before = (run.folder / "docs" / "methods" / "README.md").read_text(encoding="utf-8")
    assert run.reidbench(*words).returncode == 0
    assert (run.folder / "docs" / "methods" / "README.md").read_text(encoding="utf-8") == before


def test_costs_are_measured_and_printed_without_a_folder(new_run: New) -> None:
    run = new_run()
    said = run.reidbench("cards", "tiny-norm", "--measure", *TINY)
    assert said.returncode == 0 and "Measured on an untrained `tinynet`" in said.stdout
    assert not (run.folder / "docs").exists()
