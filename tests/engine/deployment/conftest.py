"""A finished run of the tiny suite, whose networks are loaded, exported and timed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from reidbench import SuiteOutcome, run_suite
from reidbench.plugins import Registry
from reidbench.results import Result
from tests.support.suites import write_suite


@dataclass(frozen=True)
class TinyRun:
    """Its folder, and what it came to."""

    folder: Path
    outcome: SuiteOutcome
    registry: Registry

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def result(self, method: str) -> Result:
        return next(r for r in self.outcome.results if r.trial.method == method)

    def file(self, method: str) -> Path:
        return self.folder / "out" / "results" / f"{self.result(method).key}.json"


@pytest.fixture(scope="module")
def tiny_run(
    tmp_path_factory: pytest.TempPathFactory, tiny_registry: Registry
) -> Iterator[TinyRun]:
    """Return the run, its plugin importable while the module's tests run."""
    threads = torch.get_num_threads()
    folder = tmp_path_factory.mktemp("deployment")
    suite = write_suite(folder, methods=["dense", "l1"])
    asked = {"out": folder / "out", "store": folder / "store", "device": "cpu", "threads": 1}
    yield TinyRun(folder, run_suite(suite, **asked), tiny_registry)
    torch.set_num_threads(threads)
