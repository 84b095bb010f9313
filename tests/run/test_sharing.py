"""Several commands on one store: each phase is made once, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from reidbench.store import Store
from tests.support.commands import reidbench, start
from tests.support.kills import LINUX, measured
from tests.support.suites import write_suite

SUITE = {"methods": ["dense", "scratch", "l1", "tiny-norm", "fpgm"], "seeds": [0, 1]}
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not LINUX, reason="elsewhere a dead owner is noticed by its lease"),
]


def finish(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, said = process.communicate(timeout=1800)
        assert process.returncode == 0, said


def times_made(*homes: Path) -> Counter[str]:
    """Return how often each phase was finished, by the logs of some runs' folders."""
    lines = [line for home in homes for line in (home / "events.jsonl").read_text().splitlines()]
    events = map(json.loads, lines)
    return Counter(event["key"] for event in events if event["kind"] == "phase finished")


def test_three_workers_make_each_phase_once(tmp_path: Path, tiny_env: dict[str, str]) -> None:
    write_suite(tmp_path, **SUITE)
    words = ("work", "suite.yaml", "--threads", 1)
    finish([start(*words, cwd=tmp_path, env=tiny_env) for _ in range(3)])
    made, store = times_made(tmp_path / "runs/tiny-suite"), Store(tmp_path / "runs/store")
    assert made and set(made.values()) == {1}
    assert store.leftovers() == store.claims() == []
    alone = ("run", "suite.yaml", "--threads", 1, "--in-process", "--store", "alone")
    said = reidbench(*alone, "--out", "out", cwd=tmp_path, env=tiny_env, seconds=1800)
    assert said.returncode == 0
    assert measured(tmp_path / "out/results") == measured(tmp_path / "runs/tiny-suite/results")


@pytest.mark.parametrize("homes", [("one", "two"), ("same", "same")])
def test_two_runs_on_one_store_make_each_phase_once(
    homes: tuple[str, str], tmp_path: Path, tiny_env: dict[str, str]
) -> None:
    write_suite(tmp_path, **SUITE)
    words = ("run", "suite.yaml", "--threads", 1, "--workers", 1, "--out")
    finish([start(*words, home, cwd=tmp_path, env=tiny_env) for home in homes])
    made = times_made(*(tmp_path / home for home in set(homes)))
    assert made and set(made.values()) == {1}
    assert measured(tmp_path / homes[0] / "results") == measured(tmp_path / homes[1] / "results")
