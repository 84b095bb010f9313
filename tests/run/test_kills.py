"""Killed at random moments and started again, a run ends as if nobody had touched it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.commands import reidbench
from tests.support.kills import LINUX, MODES, Killer, measured
from tests.support.suites import write_suite

SUITE = {"methods": ["dense", "scratch", "l1", "tiny-norm", "tiny-raises"], "seeds": [0, 1]}
HOME = Path("runs", "tiny-suite", "results")
pytestmark = pytest.mark.skipif(not LINUX, reason="finds workers in /proc")


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, tiny_env: dict[str, str]
) -> dict[str, object]:
    """Return what a run in one process measures."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_suite(folder, **SUITE)
    said = reidbench("run", "suite.yaml", "--threads", 1, "--in-process", cwd=folder, env=tiny_env)
    assert said.returncode == 1, said.stderr  # tiny-raises
    return measured(folder / HOME)


def end_as_undisturbed(killer: Killer, kills: int, undisturbed: dict[str, object]) -> None:
    write_suite(killer.folder, **SUITE)
    killer.kill(kills)
    statuses = killer.finish()
    said = (killer.folder / "said.txt").read_text()
    assert set(statuses) == {1}, said
    assert measured(killer.folder / HOME) == undisturbed
    assert killer.recomputed == []
    # Nothing is left of those that were killed.
    assert killer.store.leftovers() == killer.store.claims() == []


@pytest.mark.parametrize(("mode", "kills"), [("serial", 3), ("local", 4), ("work", 3)])
def test_killed_runs_end_as_undisturbed(
    mode: str,
    kills: int,
    tmp_path: Path,
    tiny_env: dict[str, str],
    undisturbed: dict[str, object],
) -> None:
    killer = Killer(mode, tmp_path, tiny_env, random.Random(mode))
    end_as_undisturbed(killer, kills, undisturbed)
    assert killer.victims


@pytest.mark.nightly
def test_a_hundred_kills(
    tmp_path: Path, tiny_env: dict[str, str], undisturbed: dict[str, object]
) -> None:
    """``pytest -n0 -s -m nightly tests/run/test_kills.py`` prints the table."""
    print("\nmode    runs  kills  driver  worker  group  recomputed  identical")
    for mode in MODES:
        victims, runs = [], 0
        while len(victims) < 34:
            folder = tmp_path / f"{mode}{runs}"
            folder.mkdir()
            killer = Killer(mode, folder, tiny_env, random.Random(f"{mode}{runs}"))
            end_as_undisturbed(killer, 6, undisturbed)
            victims, runs = victims + killer.victims, runs + 1
        each = [victims.count(name) for name in ("driver", "worker", "group")]
        print(f"{mode:7} {runs:4} {len(victims):6} {each[0]:7} {each[1]:7} {each[2]:6}", end="")
        print("           0        yes", flush=True)
