"""What the harness takes of a suite's run beside its phases."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from time import perf_counter

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.turns import note
from tests.support.commands import command
from tests.support.places import ROOT

COMPUTING = (
    *("training", "ranking", "cutting", "refitting", "recalibration", "features", "loading"),
    "decoding",
)


@pytest.mark.benchmark(group="harness")
def test_the_quickstart_spends_its_time_in_phases(
    benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    if not benchmark.enabled:
        pytest.skip("six minutes: measured with --benchmark-enable")
    asked = command("run", ROOT / "suites" / "quickstart.yaml", "--out", tmp_path)
    asked += ["--store", str(tmp_path / "store"), "--threads", str(torch.get_num_threads())]
    walls: list[float] = []

    def run() -> None:
        started = perf_counter()
        subprocess.run(asked, check=True, capture_output=True, cwd=ROOT)
        walls.append(perf_counter() - started)

    benchmark.pedantic(run, rounds=1)
    account = json.loads((tmp_path / "costs.json").read_text(encoding="utf-8"))
    phases = sum(spent["wall"] for spent in account["made"])
    computing = sum(
        seconds
        for spent in account["made"]
        for activity, seconds in spent["seconds"].items()
        if activity in COMPUTING
    )
    # The process as a shell sees it: start, imports, planning and pages included.
    beside = {
        "wall": f"{walls[-1]:.1f} s",
        "in phases": f"{phases:.1f} s",
        "of these computing": f"{computing:.1f} s",
        "loading, tracing, saving": f"{(phases - computing) / walls[-1]:.1%} of the wall",
        "peak memory": f"{account['peak_memory'] / 1e9:.2f} GB",
    }
    assert len(account["made"]) > 80
    share = 100 * (walls[-1] - phases) / walls[-1]
    note(benchmark, "harness: wall less phases, quickstart", share, 2.0, "at most", "%", **beside)
