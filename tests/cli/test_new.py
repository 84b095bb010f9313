"""``reidbench new`` as the author of a plugin meets it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import Run
from tests.support.commands import imported

New = Callable[..., Run]


def test_it_lists_its_files_and_says_what_comes_next(new_run: New) -> None:
    run = new_run()
    said, modules = imported("new", "near-mean", "--method", cwd=run.folder, env=run.env)
    assert (said.returncode, said.stderr) == (0, "")
    assert "torch" not in modules
    listed = said.stdout.partition("\n\n")[0].splitlines()
    assert "near-mean/src/near_mean/method.py" in listed
    assert all((run.folder / name).is_file() for name in listed)
    assert said.stdout.endswith("reidbench run near-mean/suite.yaml --protocol smoke/1\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["mine"], "one of --method, --backbone, --dataset, --observer"),
        (["mine", "--method", "--dataset"], "one of --method, --backbone"),
        (["Mine", "--method"], "as in 'mine'"),
        (["tiny-norm", "--method"], "method 'tiny-norm' is declared by reidbench-tiny"),
        (["mine", "--method", "--out", "."], "is there already"),
    ],
)
def test_wrong_input_ends_with_2_and_writes_nothing(
    new_run: New, words: list[str], sentence: str
) -> None:
    run = new_run()
    before = set(run.folder.rglob("*"))
    said = run.reidbench("new", *words)
    assert (said.returncode, said.stdout) == (2, "")
    assert sentence in said.stderr
    assert set(run.folder.rglob("*")) == before
