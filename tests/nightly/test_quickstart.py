"""The main job, whole: the quickstart suite from nothing to its leaderboard.

Prints its figures: ``pytest -m nightly -n0 -s tests/nightly/test_quickstart.py``.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reidbench.results import Result, read_results
from tests.support.places import ROOT

pytestmark = pytest.mark.nightly


def quickstart(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from reidbench.cli import main; main()"]
    arguments = ["run", str(ROOT / "suites" / "quickstart.yaml"), "--out", str(folder / "out")]
    environment = os.environ | {"REIDBENCH_STORE": str(folder / "store")}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, text=True, capture_output=True
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quickstart")
    started = time.monotonic()
    run = quickstart(folder)
    minutes = (time.monotonic() - started) / 60
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"\nquickstart: {minutes:.1f} minutes, peak memory {peak:.2f} GiB\n{run.stdout}")
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> list[Result]:
    return read_results(folder / "out" / "results")


def rank1(results: list[Result], method: str, reduction: float, state: str = "final") -> float:
    found = [
        getattr(result.scores, state).rank1
        for result in results
        if result.trial.method == method and result.trial.reduction == reduction and result.scores
    ]
    return statistics.mean(found)


def test_every_trial_is_done_and_matched(results: list[Result]) -> None:
    assert len(results) == 26
    assert all(result.status == "done" and result.matched for result in results)


def test_the_median_miss_is_at_most_a_tenth_of_a_point(results: list[Result]) -> None:
    misses = [
        abs(result.cost.reduction - result.trial.reduction) * 100
        for result in results
        if result.cost and result.trial.reduction
    ]
    print(f"\nmiss in points: median {statistics.median(misses):.3f}, largest {max(misses):.3f}")
    assert statistics.median(misses) <= 0.1
    assert max(misses) <= 0.5


def test_dense_leaves_room_above_and_random_room_below(results: list[Result]) -> None:
    dense = rank1(results, "dense", 0)
    assert 0.75 <= dense <= 0.95
    assert rank1(results, "random", 0.75) <= dense - 0.03


@pytest.mark.parametrize("method", ["random", "l1", "fpgm", "taylor", "psfp"])
def test_without_retraining_much_more_is_lost(results: list[Result], method: str) -> None:
    dense, final = rank1(results, "dense", 0), rank1(results, method, 0.75)
    before = rank1(results, method, 0.75, "before_retraining")
    print(f"\n{method} at 75 %: rank-1 {before:.1%} before retraining, {final:.1%} after")
    assert dense - before >= 2 * (dense - final)
    assert dense - before >= 0.10


def test_a_second_run_computes_nothing(folder: Path, results: list[Result]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (folder / "store").rglob("*")}
    started = time.monotonic()
    again = quickstart(folder)
    print(f"\nsecond run: {time.monotonic() - started:.1f} s")
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (folder / "store").rglob("*")} == before
