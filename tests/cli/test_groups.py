"""``reidbench groups`` as a user meets it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.cli.conftest import Run
from tests.support.commands import imported

New = Callable[..., Run]


def test_an_installed_backbones_groups_are_listed(new_run: New) -> None:
    run = new_run()
    said = run.reidbench("groups", "tinynet", "--size", "3x32x16", "--option", "width=48")
    assert (said.returncode, said.stderr) == (0, "")
    assert re.match(r"tinynet: \d\.\d{3} GMACs at 3x32x16, \S+ M parameters, emb", said.stdout)
    assert re.search(r"^block1.conv1 +48 +\d+\.\d% +inner, all$", said.stdout, re.MULTILINE)
    assert re.search(r"^scope 'inner': 2 groups, a reduction of 0\.\d{4}", said.stdout, re.M)


def test_a_factorys_groups_are_listed(new_run: New) -> None:
    said = new_run().reidbench("groups", "torchvision.models:resnet18", "--size", "3x32x32")
    assert said.returncode == 0
    assert re.search(r"^fc +1000 +- +the embedding$", said.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tinynit", "--size", "3x32x16"], "no plugin declares a backbone 'tinynit'; did you mean"),
        (["tinynet", "--size", "3x32"], "size '3x32' must be CxHxW"),
        (["a.b:c", "--size", "3x9x9", "--option", "x=1"], "called without arguments"),
        (["tinynet"], "Missing option '--size'"),
    ],
)
def test_wrong_input_ends_with_2_before_torch_is_imported(
    new_run: New, words: list[str], sentence: str
) -> None:
    run = new_run()
    said, modules = imported("groups", *words, cwd=run.folder, env=run.env)
    assert (said.returncode, said.stdout) == (2, "")
    assert sentence in said.stderr and "torch" not in modules


def test_an_unknown_option_is_refused(new_run: New) -> None:
    said = new_run().reidbench("groups", "tinynet", "--size", "3x32x16", "--option", "wdith=4")
    assert said.returncode == 2 and "no option 'wdith'; did you mean 'width'?" in said.stderr
