"""What workers cost and bring, and what a plan of ImageNet's size costs, measured and printed.

``pytest -m nightly -n0 -s tests/nightly/test_scale.py``; the bars hold on an idle machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from tests.nightly.lists import write_lists
from tests.support.commands import environment, reidbench
from tests.support.places import ROOT
from tests.support.suites import write_suite

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(sys.platform != "linux", reason="bars of Linux"),
]
SUITE = {"methods": ["dense", "l1", "fpgm", "tiny-norm"], "seeds": list(range(6))}
OVERHEAD, SPEEDUP, SECONDS = 0.2, 1.6, 60.0
PEAK = 1e9
"""Bytes beside those that torch takes by being imported."""


def phases(folder: Path, env: dict[str, str], *words: object) -> tuple[dict[str, float], float]:
    """Run the suite; return the seconds of each phase, and from the first to the last one."""
    folder.mkdir()
    write_suite(folder, **SUITE)
    said = reidbench(
        *("run", "suite.yaml", "--threads", 1, *words), cwd=folder, env=env, seconds=3600
    )
    assert said.returncode == 0, said.stderr
    lines = (folder / "runs/tiny-suite/events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    times = [event["time"] for event in events if event["kind"].startswith("phase")]
    finished = [event for event in events if event["kind"] == "phase finished"]
    return {each["key"]: each["seconds"] for each in finished}, times[-1] - times[0]


def test_a_living_worker_adds_little_to_a_phase(tmp_path: Path, tiny_env: dict[str, str]) -> None:
    alone, _ = phases(tmp_path / "alone", tiny_env, "--in-process")
    worker, one = phases(tmp_path / "one", tiny_env, "--workers", 1)
    _, two = phases(tmp_path / "two", tiny_env, "--workers", 2)
    added = median(worker[key] - alone[key] for key in alone)
    print(f"\n{len(alone)} phases of {median(alone.values()):.2f} s; a worker adds {added:.3f} s")
    print(f"one worker {one:.1f} s, two {two:.1f} s: {one / two:.2f} x; load {os.getloadavg()[0]}")
    assert added < OVERHEAD
    if os.getloadavg()[0] < 3:  # our own two, and little else
        assert one / two >= SPEEDUP


def test_a_plan_of_imagenets_size(tmp_path: Path) -> None:
    write_lists(tmp_path / "data")
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ("plan", ROOT / "suites/paper.yaml", "--data", "data", "--check")
    said = reidbench(*words, cwd=tmp_path, env=environment(), seconds=1800)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall, peak = time.monotonic() - started, after.ru_maxrss * 1024
    print(f"\nplan and checks: {wall:.1f} s, {used:.1f} s of the CPU, peak {peak / 1e6:.0f} MB")
    own = _memory_of_torch()
    print(f"torch alone, which a build for GPUs makes twice as large: {own / 1e6:.0f} MB")
    # The one thing to refuse here is a disk that does not hold ImageNet decoded.
    assert said.returncode == (2 if "are free there" in said.stdout else 0), said.stdout
    assert "cannot" not in said.stdout + said.stderr
    assert used < SECONDS
    assert peak - own < PEAK


def _memory_of_torch() -> int:
    """Return the most bytes that a process holds which does nothing but import torch."""
    code = "import resource, torch; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return 1024 * int(said.stdout)
