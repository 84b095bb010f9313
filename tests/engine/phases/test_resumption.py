"""A phase that was ended goes on from its checkpoint, and ends as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reidbench.api import Method
from reidbench.engine.phases import run_phase
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.training.checkpoints import Pace
from reidbench.errors import Diverged
from reidbench.plan import ConfiguredMethod, Node
from reidbench.plugins import discover
from reidbench.store.checkpoints import checkpoint, checkpoints
from tests.engine.phases.world import CPU, STEPS, World, method, protocol
from tests.support.kills import LINUX

OFTEN = Pace(least=0, most=600, share=0.05)
METHODS = {c.record.name: c for c in discover().methods.components if c.owner.name == "builtin"}


class Ended(BaseException):
    """The end of a process, as far as one test can stand it."""


def run_until(world: World, node: Node, step: int | None) -> list[int]:
    """Run a node with frequent checkpoints, and end it after a step; return the steps taken."""
    steps: list[int] = []

    def listener(done: int, total: int, note: str) -> None:
        if note.startswith("loss"):
            steps.append(done)
            if done == step:
                raise Ended

    context = PhaseContext(world.store, CPU, listener, pace=OFTEN)
    try:
        run_phase(node, context)
    except Ended:
        assert step is not None
    return steps


def ends_alike(world: World, node: Node, *ends: int) -> list[list[int]]:
    """Hold that a node that is ended after some steps leaves what it leaves undisturbed."""
    world.run(node)
    whole, curve = world.files(node), world.curve(node)
    world.store.remove(node.key)
    torch.manual_seed(17)  # what is drawn elsewhere is no matter
    taken = [run_until(world, node, step) for step in (*ends, None)]
    assert world.files(node) == whole
    assert world.curve(node) == curve != []
    assert checkpoints(world.store) == []
    return taken


def test_a_training_goes_on_after_its_last_checkpoint(fresh: World) -> None:
    taken = ends_alike(fresh, fresh.train(), 3, 11)
    # Each step had a checkpoint but that at which it was ended.
    assert taken == [[1, 2, 3], list(range(3, 12)), list(range(11, 19))]


OF_EACH_STRATEGY = ("dense", "l1", "psfp", "greg", "thinet", "taylor")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in OF_EACH_STRATEGY else pytest.mark.nightly)
        for name in sorted(METHODS)
    ],
)
def test_every_method_goes_on(name: str, world: World) -> None:
    record = METHODS[name].record
    options = record.settings({})
    contender = ConfiguredMethod(METHODS[name], options, record.strategy, "global")
    node = world.prune(contender, reduction=0.0 if record.prunes == "nothing" else 0.5)
    taken = ends_alike(world, node, 2, 5, 10)
    # A schedule of the method's own is kept only as long as it has done nothing but train.
    if record.strategy != "own" or record.prunes == "nothing":
        assert [steps[0] for steps in taken] == [1, 2, 5, 10]


@pytest.mark.parametrize("name", ["l1", "taylor"])
def test_weights_with_the_channels_last_go_on_as_they_lay(name: str, fresh: World) -> None:
    world = fresh.but(rules=protocol(training={"memory_format": "channels_last"}))
    record = METHODS[name].record
    contender = ConfiguredMethod(METHODS[name], record.settings({}), record.strategy, "global")
    assert ends_alike(world, world.train(), 3)[1][0] == 3
    ends_alike(world, world.prune(contender, reduction=0.5), 2, 5, 10)


class Hoards(Method):
    """Keep what no checkpoint can hold."""

    def scores(self, group, task):
        return group.weight.abs().sum(dim=1)

    def penalty(self, task):
        self.seen = {id(task)}


def test_a_state_that_cannot_be_kept_means_no_checkpoint_until_the_cut(fresh: World) -> None:
    world = fresh.but(rules=protocol(pruning={"active": 0.5}))
    hoards = method("Hoards", "regularised")
    record = hoards.component.record
    target = f"{__name__}:Hoards"
    component = replace(hoards.component, record=replace(record, target=target))
    node = world.prune(replace(hoards, component=component))
    taken = ends_alike(world, node, 4, 9)
    assert [steps[0] for steps in taken] == [1, 1, 9]


def test_a_damaged_checkpoint_is_none(fresh: World) -> None:
    node = fresh.train()
    for damage in (lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"x"):
        run_until(fresh, node, 5)
        file = checkpoint(fresh.store, node.key)
        file.write_bytes(damage(file.read_bytes()))
        assert run_until(fresh, node, 2) == [1, 2]


def test_a_phase_is_of_one_piece_in_what_numbers_depend_on(
    fresh: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = fresh.train()
    run_until(fresh, node, 5)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    assert run_until(fresh, node, 3)[0] == 1


def test_what_can_only_fail_again_leaves_no_checkpoint(fresh: World) -> None:
    node = fresh.train()

    def fail(done: int, total: int, note: str) -> None:
        if done == 5:
            raise Diverged("it does")

    fresh.context().train_images(node.data, node.rules.input)
    with pytest.raises(Diverged):
        run_phase(node, PhaseContext(fresh.store, CPU, fail, pace=OFTEN))
    assert checkpoints(fresh.store) == []


def test_a_short_phase_writes_none(fresh: World) -> None:
    node, seen = fresh.train(), []

    def look(done: int, total: int, note: str) -> None:
        seen.extend(checkpoints(fresh.store) if fresh.store.root.is_dir() else [])

    run_phase(node, fresh.context(look))
    assert seen == []


@pytest.mark.parametrize(
    ("seconds", "steps", "due"), [(59, 99, False), (61, 4, False), (61, 5, True), (601, 1, True)]
)
def test_the_pace(seconds: float, steps: int, due: bool) -> None:
    assert Pace().is_due(seconds, steps, 100) == due


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from reidbench.engine.phases import run_phase
from reidbench.engine.phases.context import PhaseContext
from reidbench.store import Store
from tests.engine.phases.test_resumption import CPU, OFTEN
from tests.engine.phases.world import World, method
world = World(Store(Path(sys.argv[1])))
node = world.prune(method("ByNorm", "iterative"))
world.run(node.network)
def listener(done, total, note):
    if note.startswith("loss") and 2 * done >= total:
        os.kill(os.getpid(), signal.SIGKILL)
run_phase(node, PhaseContext(world.store, CPU, listener, pace=OFTEN))
"""


@pytest.mark.skipif(not LINUX, reason="SIGKILL")
def test_a_phase_killed_half_way_repeats_a_twentieth_of_its_steps(
    tmp_path: Path, fresh: World, tiny_site: tuple[Path, Path]
) -> None:
    words = [sys.executable, "-c", CHILD, str(fresh.store.root), str(Path.cwd()), str(tiny_site[1])]
    died = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert died.returncode == -signal.SIGKILL, died.stderr
    node = fresh.prune(method("ByNorm", "iterative"))
    steps = run_until(fresh, node, None)
    assert steps == list(range(STEPS // 2, STEPS + 1))
    other = fresh.but(store=type(fresh.store)(tmp_path / "other"))
    other.run(node)
    assert fresh.files(node) == other.files(node)
    assert fresh.curve(node) == other.curve(node)
