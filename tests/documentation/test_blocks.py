"""Every code block that a page shows does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reidbench.errors import ReidbenchError
from tests.documentation.blocks import Block, blocks, pages
from tests.documentation.reader import Reader
from tests.support.places import ROOT

ALL = [block for page in pages() for block in blocks(page)]
SHOWING = [page for page in pages() if any(not block.mark for block in blocks(page))]
SLOW = [page for page in pages() if any(block.mark == "nightly" for block in blocks(page))]
OUTPUT_BLOCK = re.compile(r"^```(?:text)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("REIDBENCH_STORE", "REIDBENCH_DATA"):
        monkeypatch.delenv(name, raising=False)
    return Reader(tmp_path)


@pytest.mark.parametrize("page", SHOWING, ids=named)
def test_the_blocks_of_a_page_run(page: Path, reader: Reader) -> None:
    for block in blocks(page):
        if not block.mark:
            reader.run(block)


@pytest.mark.nightly
@pytest.mark.parametrize("page", SLOW, ids=named)
def test_the_slow_blocks_of_a_page_run(page: Path, reader: Reader) -> None:
    for block in blocks(page):
        if block.mark in ("", "nightly"):
            reader.run(block)


def test_a_block_that_does_not_run_says_why() -> None:
    marked = [block for block in ALL if block.mark]
    assert [str(block) for block in marked if len(block.reason.split()) < 1] == []
    assert len(marked) < len(ALL) / 2


def test_a_block_that_another_test_runs_is_in_that_test() -> None:
    elsewhere = [block for block in ALL if block.mark == "tested"]
    assert elsewhere
    assert [str(block) for block in elsewhere if not _held_by_a_test(block)] == []


def _held_by_a_test(block: Block) -> bool:
    file, _, test = block.reason.partition("::")
    path = ROOT / file
    return path.is_file() and f"def {test}(" in path.read_text(encoding="utf-8") + "def ("


def test_no_command_hides_in_a_block_that_only_shows_output() -> None:
    hidden = [
        f"{named(page)}: {command}"
        for page in pages()
        for shown in re.findall(
            r"^```(?:text)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S
        )
        for command in re.findall(r"^(?:\$ )?(?:reidbench|pip|python) .*", shown, re.M)
    ]
    assert hidden == []


def test_a_wrong_block_is_found(reader: Reader) -> None:
    page = ROOT / "README.md"
    for language, text in (
        ("python", "1 / 0"),
        ("bash", "reidbench plan nowhere.yaml"),
        ("go", ""),
    ):
        with pytest.raises((ZeroDivisionError, AssertionError, ReidbenchError)):
            reader.run(Block(page, 1, language, "", text))
