"""A plugin author's mypy sees the types of ``reidbench.api``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

EXAMPLE = ROOT / "plugins" / "reidbench-example" / "src"

# Each line that ends in the code of an error must give just this error.
MISTAKES = """
from torch import Tensor

from reidbench.api import (
    CannotScore,
    Group,
    Method,
    MethodRecord,
    PrunePhase,
    RankingTask,
    hookimpl,
)


class Wrong(Method):
    def scores(self, group: Group, task: RankingTask) -> float:  # override
        return 0.0

    def prune(self, phase: PrunePhase) -> None:
        phase.train("all")  # arg-type


class Right(Method):
    def scores(self, group: Group, task: RankingTask) -> Tensor:
        if group.gradient is None:
            raise CannotScore(group.nmae)  # attr-defined
        return group.weight.abs().sum(dim=1)

    def prune(self, phase: PrunePhase) -> None:
        kept = phase.cut(phase.reduction)
        print(kept.keys(), phase.target)  # attr-defined


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    return [
        MethodRecord(
            name="a",
            version=1,  # arg-type
            summary="A.",
            reference="-",
            target="a:A",
            strategy="sometimes",  # arg-type
        )
    ]
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    """Check the example plugin and the mistakes as strictly as mypy can; file, line, code."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "mistakes.py").write_text(MISTAKES)
    strict = ("--strict", "--config-file=", "--no-error-summary", "--hide-error-context")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *strict, "--cache-dir", "cache", EXAMPLE, "mistakes.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    return [parsed(line) for line in lines]


def parsed(line: str) -> tuple[str, int, str]:
    place, _, message = line.partition(": error: ")
    path, _, number = place.rpartition(":")
    return Path(path).name, int(number), message.rpartition("[")[2].rstrip("]")


def test_the_example_plugin_is_strictly_typed(errors: list[tuple[str, int, str]]) -> None:
    assert [error for error in errors if error[0] != "mistakes.py"] == []


def test_a_plugin_authors_mistakes_are_found(errors: list[tuple[str, int, str]]) -> None:
    expected = [
        ("mistakes.py", number, line.rpartition("  # ")[2])
        for number, line in enumerate(MISTAKES.splitlines(), start=1)
        if "  # " in line
    ]
    assert len(expected) == 6
    assert [error for error in errors if error[0] == "mistakes.py"] == expected
