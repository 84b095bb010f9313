"""One finished run that the tests of the command line look at, or copy and then disturb."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reidbench.results import Result, read_results
from tests.support.commands import Finished, reidbench
from tests.support.suites import write_suite

METHODS = ["dense", "scratch", "l1", "tiny-norm"]


@dataclass(frozen=True)
class Run:
    """A folder with ``suite.yaml``, where commands run."""

    folder: Path
    env: dict[str, str]

    def reidbench(self, *words: object) -> Finished:
        return reidbench(*words, cwd=self.folder, env=self.env)

    @property
    def home(self) -> Path:
        return self.folder / "runs" / "tiny-suite"

    def results(self) -> dict[str, Result]:
        return {str(result.trial): result for result in read_results(self.home / "results")}

    def files(self) -> dict[str, int]:
        """Return when each file of store and results was last changed."""
        paths = (self.folder / "runs").rglob("*")
        return {
            str(path.relative_to(self.folder)): path.stat().st_mtime_ns
            for path in paths
            if path.is_file() and not path.name.startswith("leaderboard")
        }


@pytest.fixture
def new_run(tmp_path: Path, tiny_env: dict[str, str]) -> Callable[..., Run]:
    """Return a maker of folders with a tiny suite that was not run yet."""

    def make(**changes: Any) -> Run:
        write_suite(tmp_path, **{"methods": METHODS, **changes})
        return Run(tmp_path, tiny_env)

    return make


@pytest.fixture(scope="session")
def first(
    tmp_path_factory: pytest.TempPathFactory, tiny_env: dict[str, str]
) -> tuple[Run, Finished]:
    """Return a finished run, not to be changed, and what its command said."""
    run = Run(tmp_path_factory.mktemp("first"), tiny_env)
    write_suite(run.folder, methods=METHODS)
    return run, run.reidbench("run", "suite.yaml")


@pytest.fixture
def finished(first: tuple[Run, Finished], tmp_path: Path) -> Run:
    """Return a copy of the finished run that a test may disturb."""
    folder = shutil.copytree(first[0].folder, tmp_path / "copy")  # keeps times
    return Run(folder, first[0].env)


def metrics(run: Run) -> dict[str, object]:
    """Return all that a run measured, by trial."""
    return {
        name: (result.status, result.scores, result.per_query, result.cost, result.widths)
        for name, result in run.results().items()
    }
