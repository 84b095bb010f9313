"""Runs on a Ray cluster of two nodes, both on this machine: the real one, with its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reidbench.store import Store
from tests.support.commands import Finished, reidbench, start
from tests.support.kills import LINUX, measured
from tests.support.marked import MARK, left_after, marked
from tests.support.sites import write_site
from tests.support.suites import write_suite

pytest.importorskip("ray", reason="the extra 'ray' is not installed")
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not LINUX, reason="looks for processes in /proc"),
]
METHODS = ["scratch", "l1"]  # two chains of phases, so that both nodes are at work
WAITING = ["h-waits-here", "h-waits-there"]
GATE = "REIDBENCH_TEST_GATE"
PLUGIN = """
import ctypes, os, time
from pathlib import Path
from reidbench.api import Method, MethodRecord, hookimpl

class Segfaults(Method):
    def scores(self, group, task):
        print("about to read nowhere", flush=True)
        ctypes.string_at(0)

class Waits(Method):
    def __init__(self, name):
        self.name = name

    def scores(self, group, task):
        gate = Path(os.environ["REIDBENCH_TEST_GATE"])
        (gate / f"{self.name} waits").touch()
        while not (gate / "open").exists():
            time.sleep(0.1)
        return group.weight.norm(dim=1)

def record(name, **more):
    return MethodRecord(name=name, version="1", summary="-", reference="-", **more)

@hookimpl
def reidbench_methods():
    waits = {"target": f"{__name__}:Waits"}
    return [
        record("h-segfaults", target=f"{__name__}:Segfaults"),
        record("h-waits-here", **waits, options={"name": "here"}),
        record("h-waits-there", **waits, options={"name": "there"}),
    ]
"""
WORKER = "reidbench.run.workers.worker"


@dataclass(frozen=True)
class Nodes:
    """A cluster, its second node, and the environment of its processes and of a driver."""

    cluster: Any
    second: Any
    env: dict[str, str]

    @property
    def mark(self) -> str:
        return self.env[MARK]

    def words(self, *more: object) -> tuple[object, ...]:
        ray = ("--executor", "ray", "--address", self.cluster.address)
        return ("run", "suite.yaml", *ray, "--threads", 1, "--device", "cpu", *more)

    def run(self, folder: Path, *more: object) -> Finished:
        return reidbench(*self.words(*more), cwd=folder, env=self.env)

    def start(self, folder: Path, *more: object) -> subprocess.Popen[str]:
        return start(*self.words(*more), cwd=folder, env=self.env)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, tiny_env: dict[str, str]) -> Iterator[Nodes]:
    from ray.cluster_utils import Cluster

    site = write_site(tmp_path_factory.mktemp("hostile"), "hostile", PLUGIN)
    gate = tmp_path_factory.mktemp("gate")
    env = {
        **{name: value for name, value in tiny_env.items() if name != "REIDBENCH_WORKERS"},
        "PYTHONPATH": os.pathsep.join([str(site), tiny_env["PYTHONPATH"]]),
        "RAY_worker_niceness": "0",  # on a busy machine its default, 15, takes minutes
        "RAY_USAGE_STATS_ENABLED": "0",
        MARK: uuid.uuid4().hex,
        GATE: str(gate),
    }
    with pytest.MonkeyPatch.context() as patch:
        # Ray's processes have the environment in which they are started.
        for name, value in env.items():
            patch.setenv(name, value)
        small = {"num_cpus": 1, "object_store_memory": 100_000_000}
        cluster = Cluster(
            initialize_head=True, head_node_args={**small, "include_dashboard": False}
        )
        try:
            yield Nodes(cluster, cluster.add_node(**small), env)
        finally:
            cluster.shutdown()
    assert left_after(90, env[MARK]) == []


def test_what_fits_no_node_is_an_error_and_not_a_wait(nodes: Nodes, tmp_path: Path) -> None:
    write_suite(tmp_path)
    said = nodes.run(tmp_path, "--threads", 64)
    assert said.returncode == 2, said.stderr
    assert said.stderr.startswith("reidbench: no node of the Ray cluster has 64 CPUs and no GPU")
    assert len(said.stderr.splitlines()) == 1


def test_a_driver_with_another_plugin_is_refused_and_both_versions_named(
    nodes: Nodes, tmp_path: Path
) -> None:
    write_suite(tmp_path)
    site = write_site(tmp_path / "site", "mine", PLUGIN.replace("h-segfaults", "mine"))
    path = os.pathsep.join([str(site), nodes.env["PYTHONPATH"]])
    said = reidbench(*nodes.words(), cwd=tmp_path, env={**nodes.env, "PYTHONPATH": path})
    assert said.returncode == 2, said.stderr
    assert said.stderr.count("has no reidbench-mine, and the driver reidbench-mine 1.0") == 2
    assert len(said.stderr.splitlines()) == 1


def test_a_crash_is_named_and_costs_two_tasks(nodes: Nodes, tmp_path: Path) -> None:
    write_suite(tmp_path, methods=["dense", "h-segfaults"])
    said = nodes.run(tmp_path, "--only", "h-segfaults")
    assert said.returncode == 1, said.stderr
    assert "the worker was killed by signal 11 (SIGSEGV); another worker tries again" in said.stderr
    [(status, error)] = [
        (each[1], str(each[2]))
        for each in measured(results(tmp_path)).values()  # type: ignore[index]
    ]
    assert status == "failed"
    assert "(SIGSEGV), and so did the one before; its output ends: " in error
    assert "about to read nowhere" in error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_nothing_running(
    nodes: Nodes, tmp_path: Path, number: signal.Signals
) -> None:
    write_suite(tmp_path, methods=METHODS)
    driver = nodes.start(tmp_path)
    read_until(driver, "train on tiny")
    wait_for_workers(nodes)
    driver.send_signal(number)
    _, words = driver.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert driver.returncode == -number
    else:
        assert driver.returncode == 130, words
        assert "Traceback" not in words
        assert Store(tmp_path / "runs" / "store").leftovers() == []
    assert left_after(20, nodes.mark, WORKER) == []


def test_a_node_that_dies_costs_its_phase_alone(
    nodes: Nodes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two nodes, each in the middle of a phase, one killed; ``-s`` prints what that took."""
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    for folder in (alone, beside):
        folder.mkdir()
        write_suite(folder, methods=WAITING)
    gate = Path(nodes.env[GATE])
    (gate / "open").touch()
    serial = ("run", "suite.yaml", "--in-process", "--threads", 1, "--device", "cpu")
    assert reidbench(*serial, cwd=alone, env=nodes.env).returncode == 0
    for each in gate.iterdir():
        each.unlink()
    began = time.monotonic()
    # Should nobody hear of the loss, the phases that wait end the run.
    driver = nodes.start(beside, "--step-timeout", "300s")
    # A node has room for one of them: each has one, and keeps it.
    wait_until(lambda: len(list(gate.glob("* waits"))) == len(WAITING))
    nodes.cluster.remove_node(nodes.second, allow_graceful=False)
    said = read_until(driver, "the node was lost; another worker tries again")
    (gate / "open").touch()
    out, words = driver.communicate(timeout=900)
    took, words = time.monotonic() - began, said + words
    assert driver.returncode == 0, words
    assert words.count("another worker tries again") == 1
    assert "2 phases of 1 thread at a time" in words
    assert "raylet" not in out + words
    assert measured(results(beside)) == measured(results(alone))
    assert left_after(5, nodes.mark, WORKER) == []
    store = Store(beside / "runs" / "store")
    assert store.leftovers() == store.claims() == []
    with capsys.disabled():
        print(f"\ntwo nodes, one killed: {took:.0f} s, {words.count(' took ')} phases")


def results(folder: Path) -> Path:
    return folder / "runs" / "tiny-suite" / "results"


def read_until(driver: subprocess.Popen[str], word: str) -> str:
    """Read what a driver reports up to a line with a word."""
    assert driver.stderr is not None
    said = ""
    for line in driver.stderr:
        said += line
        if word in line:
            return said
    raise AssertionError(said)


def wait_for_workers(nodes: Nodes, count: int = 2) -> None:
    """Wait until so many phases are in the middle of their work, on both nodes."""
    wait_until(lambda: len(marked(nodes.mark, WORKER)) >= count)


def wait_until(holds: Callable[[], bool], seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)
