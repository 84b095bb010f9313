"""``reidbench plugins check`` as the author of a component meets it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.cli.conftest import Run
from tests.support.commands import imported

New = Callable[..., Run]


def test_a_sound_method_passes_every_check(new_run: New) -> None:
    said = new_run().reidbench("plugins", "check", "tiny-norm", "--fast")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("method tiny-norm 1 of reidbench-tiny 1.0: 20 checks\n")
    assert len(re.findall(r"^  ok       [a-z0-9.-]+ +\d+\.\ds$", said.stdout, re.M)) == 20
    assert re.search(r"^20 passed in \d+s$", said.stdout, re.M)


def test_every_method_named_is_checked_and_one_failure_decides(new_run: New) -> None:
    said = new_run().reidbench("plugins", "check", "tiny-idle", "tiny-exits", "dense", "--fast")
    assert said.returncode == 1 and "Traceback" not in said.stderr
    idle, exits, dense, _ = said.stdout.split("\n\n")
    assert re.search(r"^  FAILED   spends-the-budget", idle, re.M)
    assert "method 'tiny-idle' left 12 of 12 steps" in idle
    assert idle.endswith("s") and "19 passed, 1 failed in" in idle
    assert "raised SystemExit (tiny farewell)" in exits
    assert re.search(r"^  -        deterministic .* needs 'scores-tiny-inner' to", exits, re.M)
    assert "1 passed, 1 failed, 18 not known" in exits
    assert "8 passed in" in dense


def test_backbones_and_data_sets_are_checked_too(new_run: New) -> None:
    said = new_run().reidbench("plugins", "check", "tinynet", "tiny-disk", "--size", "3x32x16")
    network, data, _ = said.stdout.split("\n\n")
    assert network.startswith("backbone tinynet 1 of reidbench-tiny 1.0: 16 checks\n")
    assert re.search(r"^  ok +refuses-wrong-weights", network, re.M), network
    assert data.startswith("data set tiny-disk 1 of reidbench-tiny 1.0: 14 checks\n")
    assert re.search(r"^  ok +content-in-key", data, re.M), data


def test_backbones_and_scopes_are_filters(new_run: New) -> None:
    words = ("plugins", "check", "tiny-norm", "--backbone", "tinynet", "--scope", "inner")
    said = new_run().reidbench(*words)
    assert said.returncode == 0
    ranked = re.findall(r"^  ok +scores-(\S+)", said.stdout, re.M)
    assert ranked == ["tiny-inner", "tiny-all", "tinynet-inner", "somewhere"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tiny-nrom"], "backbone or data set 'tiny-nrom'; did you mean 'tiny-norm'?"),
        (["l1", "--backbone", "tinynit"], "a backbone 'tinynit'; did you mean 'tinynet'?"),
        (["l1", "--fast", "--scope", "all"], "--fast checks tiny networks alone"),
        (["l1", "--scope", "al"], "is not one of 'inner', 'all'"),
        (["tinynet", "--scope", "all"], "--scope is for a method, and none is named"),
        (["tiny-norm", "--size", "3x64x32"], "--size is for a backbone, and none is named"),
        (["tinynet", "--data", "."], "--data is for a data set, and none is named"),
        (["tinynet", "--size", "64x32"], "size '64x32' must be CxHxW"),
        ([], "Missing argument 'NAME...'"),
    ],
)
def test_wrong_input_ends_with_2_before_torch_is_imported(
    new_run: New, words: list[str], sentence: str
) -> None:
    run = new_run()
    said, modules = imported("plugins", "check", *words, cwd=run.folder, env=run.env)
    assert (said.returncode, said.stdout) == (2, "")
    assert sentence in said.stderr
    assert "torch" not in modules


def test_a_disabled_plugins_method_is_unknown(new_run: New) -> None:
    said = new_run().reidbench("plugins", "--disable-plugin", "tiny", "check", "tiny-norm")
    assert said.returncode == 2 and "backbone or data set 'tiny-norm'" in said.stderr


def test_the_help_explains_every_word_of_the_answer(new_run: New) -> None:
    run = new_run()
    said, modules = imported("plugins", "check", "--help", cwd=run.folder, env=run.env)
    assert said.returncode == 0 and "torch" not in modules
    for word in ("ok ", "refused ", "FAILED ", "- ", "reidbench plugins check l1 --fast"):
        assert f"\n  {word}" in said.stdout or f"\n    {word}" in said.stdout
    assert (
        "Exit status: 0 all passed or refused, 1 failed or not known, 2 wrong input." in said.stdout
    )
