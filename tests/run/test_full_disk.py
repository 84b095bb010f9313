"""A full disk ends the run, and costs no more than the phase that met it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reidbench.config.suite import load_suite
from reidbench.engine.phases.checkpoint import HEAD_FILE
from reidbench.files import NoRoom
from reidbench.plan import Plan, make_plan
from reidbench.plugins import Registry
from reidbench.results import read_result
from reidbench.store import Store
from tests.run.silent import executor
from tests.support.suites import write_suite

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="Linux's device that is always full")


class Filling(Store):
    """A store whose disk is full when the network of one key is written."""

    def __init__(self, root: Path, last_straw: str) -> None:
        super().__init__(root)
        self.last_straw, self.asked = last_straw, []

    @contextmanager
    def writing(self, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        self.asked.append(key)
        with super().writing(key) as (folder, meta):
            if key == self.last_straw:
                (folder / HEAD_FILE).symlink_to(FULL)
            yield folder, meta


def statuses(plan: Plan, results: Path) -> Mapping[str, str]:
    found = [read_result(path) for path in results.glob("*.json")]
    return {result.trial.method: result.status for result in found}


@pytest.fixture
def plan(tmp_path: Path, tiny_registry: Registry) -> Plan:
    suite = write_suite(tmp_path, methods=["dense", "l1", "tiny-norm"])
    return make_plan(load_suite(suite), tiny_registry)


def test_a_full_disk_ends_the_run_and_keeps_what_is_finished(
    plan: Plan, tiny_registry: Registry, tmp_path: Path
) -> None:
    _, l1, last = plan.trials
    store = Filling(tmp_path / "store", l1.phases[-1].key)
    with pytest.raises(NoRoom, match=f"^{store.root / store.last_straw}: no space is left"):
        executor(store, tiny_registry).run(plan, plan.trials)
    # The next trial's phases would be lost as well: none was begun, and none has a failed row.
    assert store.asked[-1] == store.last_straw and not store.has(last.phases[-1].key)
    assert statuses(plan, tmp_path / "results") == {"dense": "done"}
    assert store.leftovers() == []


def test_the_same_run_goes_on_once_there_is_room(
    plan: Plan, tiny_registry: Registry, tmp_path: Path
) -> None:
    store = Filling(tmp_path / "store", plan.trials[1].phases[-1].key)
    with pytest.raises(NoRoom):
        executor(store, tiny_registry).run(plan, plan.trials)
    made = {key for key in plan.nodes if store.has(key)}
    roomy = Filling(store.root, last_straw="")
    executor(roomy, tiny_registry).run(plan, plan.trials)
    assert set(statuses(plan, tmp_path / "results").values()) == {"done"}
    assert made and made.isdisjoint(roomy.asked)
