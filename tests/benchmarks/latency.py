"""Measures docs/latency.md: how much faster half the MACs are, by backbone, widths and engine.

    python -m tests.benchmarks.latency [--threads 1] [--runs 20]

Measure alone on the machine: a neighbour makes the quartiles wide, and then there is no verdict.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date

import torch
from tabulate import tabulate
from torch import nn

from reidbench import prune
from reidbench.engine.deployment.latency import Timing, machine, measure
from reidbench.engine.deployment.profiling import Profile
from reidbench.plugins import discover
from tests.support.places import ROOT

PAGE = ROOT / "docs" / "latency.md"
SIZE = (3, 256, 128)
REDUCTION = 0.5
BACKBONES = {"resnet50": "inner", "mobilenetv2": "inner", "osnet-x1-0": "all"}
"""By scope: where no more than half the MACs of OSNet lie inside its blocks, all channels go."""
WIDTHS = {"as solved": 1, "x8": 8, "x16": 16}
ENGINES, BATCHES = ("eager", "onnxruntime"), (1, 8)


def main() -> None:
    """Measure every backbone and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=20)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    sections = [_section(name, scope, given.runs) for name, scope in BACKBONES.items()]
    PAGE.write_text("\n".join([*_head(given.runs), *sections]), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


def _section(name: str, scope: str, runs: int) -> str:
    networks, reached = _networks(name, scope)
    found = measure(networks, size=SIZE, engines=ENGINES, batches=BATCHES, runs=runs)
    report = Profile(machine(), SIZE, runs, found, {})
    rows = list(_rows(report, reached))
    table = tabulate(
        rows,
        ["engine", "batch", "widths", "MACs less", "least ms", "median ms", "x least", "x median"],
        "github",
        disable_numparse=True,
        colalign=("left", "right", "left", *["right"] * 5),
    )
    print(f"{name}, scope {scope}\n{table}\n", flush=True)
    return f"## {name}, scope `{scope}`\n\n{table}\n"


def _networks(name: str, scope: str) -> tuple[dict[str, nn.Module], dict[str, float]]:
    """Return the dense network and its halves, named as a profile wants, and what went."""
    record = discover().backbones.get(name).record
    torch.manual_seed(0)
    dense = record.build(record.options).eval()
    networks, reached = {f"{name} dense": dense}, {f"{name} dense": 0.0}
    for words, multiple in WIDTHS.items():
        made = prune(dense, size=SIZE, reduction=REDUCTION, scope=scope, round_to=multiple)
        networks[f"{name} {words}"] = made.network.eval()
        reached[f"{name} {words}"] = made.report.achieved
    return networks, reached


def _rows(report: Profile, reached: dict[str, float]) -> Iterator[list[object]]:
    for timing in report.timings:
        yield [
            timing.engine,
            timing.batch,
            timing.network.partition(" ")[2],
            f"{reached[timing.network]:.1%}",
            f"{timing.least:.1f}",
            f"{timing.median:.1f}",
            *_ratios(report, timing),
        ]


def _ratios(report: Profile, timing: Timing) -> tuple[str, str]:
    ratios = report.speed_up(timing)
    return ("-", "-") if ratios is None else (f"{ratios[0]:.2f}", f"{ratios[1]:.2f}")


def _head(runs: int) -> Iterator[str]:
    where = machine()
    versions = ", ".join(f"{name} {number}" for name, number in where.versions.items())
    yield "# Latency: how much faster half the MACs are\n"
    yield (
        f"{where.processor}, {where.threads} thread{'s' * (where.threads != 1)}; {versions}; "
        f"{date.today():%B %Y}. Images of {SIZE[1]} x {SIZE[2]}, float32, `l1`, uniform, "
        f"{REDUCTION:.0%} of the MACs; the networks take turns, {runs} runs each after 5 to warm "
        "up; norms are folded, as in deployment.\n"
    )
    yield (
        "`x least` and `x median` are speed-ups over the dense network, by the least time and by "
        "the median; `-` where the quartiles lie more than 10 % of the median apart: the machine "
        "was too busy to tell. The ideal is 2.00. Kernels like multiples of 8 or 16: at odd widths "
        "half the MACs can be slower than all of them, which is why `reidbench.prune` rounds to 8 "
        "unless told otherwise. Figures compare within one machine alone. Measure your own: "
        "`reidbench profile`; this page: `python -m tests.benchmarks.latency`.\n"
    )


if __name__ == "__main__":
    main()
