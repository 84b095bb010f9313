"""A machine whose clock is a day off removes nothing that is in use, and computes nothing again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reidbench.store import Store
from reidbench.store.claims import Claims
from reidbench.store.cleanup import clear_dead
from reidbench.store.owner import OWNER, Owner
from tests.cli.conftest import Run, metrics
from tests.support.commands import Finished

DAY = 86400.0
KEY = "0123456789abcdef"
both_ways = pytest.mark.parametrize("shift", [DAY, -DAY], ids=["ahead", "behind"])


def at(shift: float, run: Run, *words: object) -> Finished:
    """Run a command on a machine whose clock is off; its files have the times of the true one."""
    code = (
        f"import time; true = time.time; time.time = lambda: true() + {shift}; "
        "from reidbench.cli import main; main()"
    )
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(
        command, cwd=run.folder, env=run.env, capture_output=True, text=True, timeout=300
    )


@both_ways
def test_the_same_run_a_day_off_makes_nothing_again(finished: Run, shift: float) -> None:
    store, before = Store(finished.folder / "runs" / "store"), metrics(finished)
    made = {key: (store.root / key).stat().st_ino for key in store.artefacts()}
    gone = next(key for key in made if store.meta(key)["kind"] == "evaluate")
    store.remove(gone)
    for result in (finished.home / "results").glob("*.json"):
        result.unlink()
    said = at(shift, finished, "run", "suite.yaml")
    assert said.returncode == 0, said.stderr
    assert metrics(finished) == before
    after = {key: (store.root / key).stat().st_ino for key in store.artefacts()}
    assert {key: after[key] for key in made if key != gone} == {
        key: number for key, number in made.items() if key != gone
    }


@pytest.fixture
def writing(finished: Run) -> Iterator[Path]:
    """Return the temporary folder of a writer of another machine."""
    with Store(finished.folder / "runs" / "store").writing(KEY) as (folder, _):
        Owner("elsewhere", "boot", 1, "1").sign(folder)
        (folder / "network").write_text("half")
        yield folder


@both_ways
def test_prune_on_a_machine_a_day_off_counts_by_the_clock_of_the_store(
    finished: Run, writing: Path, shift: float
) -> None:
    store = Store(finished.folder / "runs" / "store")
    old, *new = [key for key in store.artefacts() if store.has(key)]
    for key in new:
        store.mark_used(key)
    half_a_day_ago = time.time() - DAY / 2
    os.utime(store.root / old, (half_a_day_ago, half_a_day_ago))
    said = at(shift, finished, "store", "prune", "--older-than", "6h")
    assert said.returncode == 0, said.stderr
    assert set(new) <= set(store.artefacts()) and old not in store.artefacts()
    assert writing.is_dir()


@both_ways
def test_a_claim_from_a_day_off_is_neither_stale_nor_eternal(tmp_path: Path, shift: float) -> None:
    theirs, mine = Claims(tmp_path), Claims(tmp_path, lease=0.05)
    assert theirs.take(KEY)
    owner = theirs.place(KEY) / OWNER
    Owner("elsewhere", "boot", 1, "1").sign(owner.parent)
    for sign in range(3):  # it lives, whatever time it believes it is
        os.utime(owner, (time.time() + shift + sign,) * 2)
        assert not mine.take(KEY)
        time.sleep(0.06)
    assert mine.take(KEY)  # no sign for a lease by the own clock
    mine.close()
    theirs.close()


@both_ways
def test_what_a_living_process_writes_is_never_cleared(tmp_path: Path, shift: float) -> None:
    store = Store(tmp_path)
    with store.writing(KEY) as (folder, _):
        (folder / "network").write_text("half")
        for path in (folder / "network", folder / OWNER, folder):
            os.utime(path, (time.time() + shift,) * 2)
        assert clear_dead(store) == []
    assert store.has(KEY)
