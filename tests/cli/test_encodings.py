"""A terminal or file that lacks a letter gets another one, and every page is written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reidbench.results import PACK, write_pack
from tests.leaderboard.builders import example
from tests.support.commands import command, environment, reidbench
from tests.support.places import ROOT


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_leaderboard_is_printed_and_its_pages_are_written(tmp_path: Path, encoding: str) -> None:
    write_pack(tmp_path / PACK, example())
    env = {**environment(), "PYTHONIOENCODING": encoding}
    words = command("leaderboard", ".")
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, timeout=300)
    assert done.returncode == 0 and b"Traceback" not in done.stderr
    assert b" mAP [95 %]" in done.stdout
    assert "Δ" in (tmp_path / "leaderboard.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [("cards", "fpgm"), ("protocols", "mini/1"), ("data", "show", "synthped"), ("plugins",)],
)
def test_other_commands_print_what_they_can(words: tuple[str, ...]) -> None:
    done = reidbench(*words, cwd=ROOT, env={**environment(), "PYTHONIOENCODING": "cp1252"})
    assert (done.returncode, done.stderr) == (0, "")


def test_a_data_folder_whose_name_is_not_utf_8_is_named(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    Path(folder).mkdir()
    for words in (("data", "list"), ("data", "check", "market1501")):
        done = reidbench(*words, "--data", folder, cwd=tmp_path, env=environment())
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1, 2) and done.stdout + done.stderr
