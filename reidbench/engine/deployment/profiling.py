"""Timings of trials and pruned folders beside their dense networks, as a file and a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from tabulate import tabulate
from torch import nn

from reidbench.engine.deployment.engines import refuse_engines
from reidbench.engine.deployment.latency import (
    Machine,
    Timing,
    machine,
    measure,
)
from reidbench.engine.deployment.sources import Source, find_source
from reidbench.engine.device import choose_device, prepare_device
from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.leaderboard.latency_file import DENSE
from reidbench.text import counted

SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Profile:
    """What was measured, and where.

    ``speed_ups`` are over the dense network on the same engine at the same batch size, by the
    least time and by the median; None where the machine was too busy to tell.
    """

    machine: Machine
    size: tuple[int, int, int]
    runs: int
    timings: Sequence[Timing]
    trials: Mapping[str, str]
    """The key or folder of each network."""

    def speed_up(self, timing: Timing) -> tuple[float, float] | None:
        """Return how many times as fast as the dense network it is, by least and by median."""
        dense = next(
            other
            for other in self.timings
            if _is_dense_of(other.network, timing.network)
            and (other.engine, other.batch) == (timing.engine, timing.batch)
        )
        if not (timing.steady and dense.steady):
            return None
        return dense.least / timing.least, dense.median / timing.median


def profile(
    trials: Sequence[str],
    *,
    engines: Sequence[str],
    batches: Sequence[int],
    runs: int,
    threads: int | None = None,
    device: str = "auto",
    network: str | None = None,
    store: Path | None = None,
    disabled: Sequence[str] = (),
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Profile:
    """Time the networks of trials and their dense ones, which take turns.

    ``device`` is ``auto``, a GPU where there is one, or torch's name of a device.

    Raises:
        ReidbenchError: no such device, a network is not there, networks take images of different
            sizes, or an engine is unknown, not installed or does not run on the device.

    """
    refuse_engines(engines, choose_device(device))
    on = prepare_device(device, threads)
    sources = [find_source(trial, network, store=store, disabled=disabled) for trial in trials]
    sizes = sorted({source.size for source in sources})
    if len(sizes) > 1:
        raise ReidbenchError(
            f"these networks take images of different sizes ({sizes}); profile them apart"
        )
    networks = _beside_dense(sources)
    timings = measure(
        networks,
        size=sizes[0],
        engines=engines,
        batches=batches,
        runs=runs,
        device=on,
        on_step=on_step,
    )
    keys = {_name(source): source.metadata.get("key", source.name) for source in sources}
    return Profile(machine(on), sizes[0], runs, timings, keys)


def _beside_dense(sources: Sequence[Source]) -> dict[str, nn.Module]:
    """Return every network by name, behind the dense one of its family."""
    networks: dict[str, nn.Module] = {}
    for source in sources:
        networks.setdefault(f"{source.family} {DENSE}", source.dense().eval())
        networks[_name(source)] = source.network
    return networks


def _name(source: Source) -> str:
    return f"{source.family} {source.name}"


def _is_dense_of(dense: str, network: str) -> bool:
    """Return whether a network is the dense one of another's family, whose name may have spaces."""
    family = dense.removesuffix(DENSE)
    return family.endswith(" ") and network.startswith(family)


def write(report: Profile, file: Path) -> None:
    """Write a profile as JSON."""
    rows = [
        {
            **asdict(timing),
            "trial": report.trials.get(timing.network),
            "steady": timing.steady,
            "speed_up": report.speed_up(timing),
        }
        for timing in report.timings
    ]
    document = {
        "schema_version": SCHEMA_VERSION,
        "measured": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": asdict(report.machine),
        "size": report.size,
        "runs": report.runs,
        "rows": rows,
    }
    write_atomically(file, json.dumps(document, indent=1) + "\n")


def text(report: Profile) -> str:
    """Return a profile as a table for people."""
    where = report.machine
    versions = ", ".join(f"{name} {number}" for name, number in where.versions.items())
    on = "" if where.device == "cpu" else f" ({where.device})"
    head = (
        f"{where.processor}{on}, {counted(where.threads, 'thread')}; {versions}; milliseconds of "
    )
    head += str(report.runs)
    rows = [
        [
            timing.network,
            timing.engine,
            timing.batch,
            f"{timing.median:.1f}",
            f"{timing.low:.1f}-{timing.high:.1f}",
            f"{timing.least:.1f}",
            *_ratios(report.speed_up(timing)),
        ]
        for timing in report.timings
    ]
    headers = ["network", "engine", "batch", "median", "quartiles", "least", "x least", "x median"]
    sides = ("left", "left", *["right"] * 6)
    table = tabulate(rows, headers, disable_numparse=True, colalign=sides)
    return f"{head}\n\n{table}"


def _ratios(speed_up: tuple[float, float] | None) -> tuple[str, str]:
    return ("-", "-") if speed_up is None else (f"{speed_up[0]:.2f}", f"{speed_up[1]:.2f}")
