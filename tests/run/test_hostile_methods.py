"""Methods that break their process, in one suite with good ones: each row says what happened."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from reidbench.results import Result, read_results
from tests.support.commands import Finished, reidbench
from tests.support.kills import LINUX, children, measured
from tests.support.sites import write_site
from tests.support.suites import write_suite

PLUGIN = """
import contextlib, ctypes, os, resource, signal, sys, threading, time
import torch
from reidbench.api import Method, MethodRecord, hookimpl

class Hostile(Method):
    def scores(self, group, task):
        self.attack()
        return group.weight.norm(dim=1)

class Exits(Hostile):
    def attack(self): sys.exit("farewell")

class Leaves(Hostile):
    def attack(self): os._exit(0)

class Segfaults(Hostile):
    def attack(self):
        print("about to read nowhere", flush=True)
        ctypes.string_at(0)

class Kills(Hostile):
    def attack(self): os.kill(os.getpid(), signal.SIGKILL)

class Interrupts(Hostile):
    def attack(self): raise KeyboardInterrupt("from within")

class Loops(Hostile):
    def attack(self):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True: time.sleep(0.01)

class Hogs(Hostile):
    def attack(self):
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 28), resource.RLIM_INFINITY))
        torch.zeros(1 << 30)

class Shouts(Hostile):
    def attack(self):
        for _ in range(1000): sys.stdout.write("x" * 9999 + "\\n")
        os.write(2, b"last words\\n")
        os.abort()

class Forks(Hostile):
    def attack(self):
        if os.fork() == 0: return
        threading.Thread(target=time.sleep, args=(1000,)).start()
        with contextlib.suppress(OSError): os.close(0); os.close(1)

class Vandal(Hostile):
    def attack(self):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(3)
        os.chdir("/")
        sys.stdout.close()

KINDS = (Exits, Leaves, Segfaults, Kills, Interrupts, Loops, Hogs, Shouts, Forks, Vandal)

@hookimpl
def reidbench_methods():
    return [MethodRecord(name=f"h-{kind.__name__.lower()}", version="1", summary="Breaks.",
                         reference="-", target=f"{__name__}:{kind.__name__}") for kind in KINDS]
"""
SAID = {
    "exits": r"SystemExit: farewell",
    "leaves": r"prune 50% on tiny \(\w{16}\): the worker exited with status 0 before the phase was "
    r"done, and so did the one before",
    "segfaults": r"prune 50% on tiny \(\w{16}\): the worker was killed by signal 11 \(SIGSEGV\), "
    r"and so did the one before; its output ends: .*Fatal Python error: Segmentation fault.*",
    "kills": r".*: the worker was killed by signal 9 \(SIGKILL\), and so did the one before",
    "interrupts": r"KeyboardInterrupt: from within",
    "loops": r".*: timed out: no step for 15 s; its output ends: .*in attack .*",
    "hogs": r"out of memory: .*",
    "vandal": r"MethodError: method 'h-vandal' changed the default dtype, the number of .*",
    "shouts": r".*: the worker was killed by signal 6 \(SIGABRT\).*; its output ends: .*Fatal.*",
}
GOOD = ["dense", "l1", "tiny-norm"]
LAST = ["fpgm", "scratch"]
pytestmark = pytest.mark.skipif(not LINUX, reason="limits and signals are Linux's")


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, tiny_env: dict[str, str]) -> dict[str, str]:
    site = write_site(tmp_path_factory.mktemp("hostile"), "hostile", PLUGIN)
    return {**tiny_env, "PYTHONPATH": os.pathsep.join([str(site), tiny_env["PYTHONPATH"]])}


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]
) -> tuple[Path, Finished, dict[str, Result]]:
    folder = tmp_path_factory.mktemp("bad")
    hostile = [*(f"h-{name}" for name in SAID), "h-forks"]
    write_suite(folder, methods=[*GOOD, *hostile, *LAST])
    words = ("run", "suite.yaml", "--workers", 1, "--threads", 1, "--step-timeout", "15s")
    said = reidbench(*words, cwd=folder, env=env)
    results = read_results(folder / "runs" / "tiny-suite" / "results")
    return folder, said, {result.trial.method: result for result in results}


def test_each_bad_row_says_what_happened(run: tuple[Path, Finished, dict[str, Result]]) -> None:
    _, said, results = run
    assert said.returncode == 1, said.stderr
    for name, sentence in SAID.items():
        result = results[f"h-{name}"]
        assert result.status == "failed"
        assert re.fullmatch(sentence, result.error or ""), (name, result.error)


def test_what_an_attempt_printed_is_kept(run: tuple[Path, Finished, dict[str, Result]]) -> None:
    folder, said, _ = run
    logs = [path.read_text() for path in (folder / "runs/tiny-suite/logs").glob("*.log")]
    assert any("about to read nowhere" in log for log in logs)
    assert any("last words" in log and len(log) > 9_000_000 for log in logs)
    assert len(said.stdout + said.stderr) < 50_000


def test_good_rows_are_those_of_a_run_without_the_bad(
    run: tuple[Path, Finished, dict[str, Result]], tmp_path: Path, env: dict[str, str]
) -> None:
    write_suite(tmp_path, methods=[*GOOD, *LAST])
    words = ("run", "suite.yaml", "--in-process", "--threads", 1)
    assert reidbench(*words, cwd=tmp_path, env=env).returncode == 0
    clean = measured(tmp_path / "runs/tiny-suite/results")
    beside = measured(run[0] / "runs/tiny-suite/results")
    assert len(clean) == len(GOOD) + len(LAST)
    assert {name: beside[name] for name in clean} == clean
    # A copy of the worker is no worker, whatever it does.
    assert run[2]["h-forks"].status == "done"


def test_nothing_is_left_running(run: tuple[Path, Finished, dict[str, Result]]) -> None:
    mine = [pid for pid in children(1) if str(run[0]) in command_line(pid)]
    assert mine == []


def command_line(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""
