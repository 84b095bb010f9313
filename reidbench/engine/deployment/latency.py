"""How long networks take on this machine: side by side, interleaved, no verdict from noise."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from reidbench.engine.deployment.engines import ENGINES, Run, Size, refuse_engines
from reidbench.leaderboard.latency_file import WIDE

CPU = torch.device("cpu")
WARM_UP = 5


@dataclass(frozen=True)
class Timing:
    """Milliseconds a forward pass of one network took on one engine at one batch size.

    Attributes:
        network, engine, batch: what was timed.
        median, low, high: the median, the lower and the upper quartile.
        least: the least: what the machine can do undisturbed.

    """

    network: str
    engine: str
    batch: int
    median: float
    low: float
    high: float
    least: float

    @property
    def steady(self) -> bool:
        """Whether the quartiles are close enough together for a verdict."""
        return self.high - self.low <= WIDE * self.median


@dataclass(frozen=True)
class Machine:
    """What the figures are of: they compare with no other machine's.

    Attributes:
        processor: the name of what computed: the CPU, or the GPU.
        device: torch's name of it.
        threads: of the CPU.
        versions: of torch and the runtimes, by package.

    """

    processor: str
    device: str
    threads: int
    versions: Mapping[str, str]


def measure(
    networks: Mapping[str, nn.Module],
    *,
    size: Size,
    engines: Sequence[str] = ("eager",),
    batches: Sequence[int] = (1, 8),
    runs: int = 20,
    device: torch.device = CPU,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timing]:
    """Return the timings of every network on every engine at every batch size.

    Copies of the networks, and the images, are on ``device``. The networks take turns, so that a
    slow minute of the machine hits all of them alike; each runs ``WARM_UP`` times first. Torch's
    threads are used as they are set. cuDNN may choose its fastest kernels, in float32.

    Raises:
        ReidbenchError: an engine is unknown or does not run on ``device``, its extra is not
            installed, or a network fails on it.

    """
    refuse_engines(engines, device)
    total = len(engines) * len(batches) * runs
    timings: list[Timing] = []
    fastest = torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
    with fastest, torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        for engine in engines:
            ready = {
                name: ENGINES[engine].prepare(network, size, Path(folder) / f"{index}", device)
                for index, (name, network) in enumerate(networks.items())
            }
            for batch in batches:
                done = len(timings) // max(1, len(networks)) * runs
                images = torch.randn(batch, *size, device=device)
                found = _interleaved(ready, images, runs, done, total, on_step)
                timings += [_timing(name, engine, batch, found[name]) for name in networks]
    return timings


def machine(device: torch.device = CPU) -> Machine:
    """Return what this machine is, and its ``device``."""
    packages = ("torch", "onnxruntime", "openvino")
    processor = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return Machine(processor, str(device), torch.get_num_threads(), _versions(packages))


def waiting(device: torch.device) -> Callable[[], None]:
    """Return what waits until ``device`` has done all it was given; a CPU is never behind."""
    if device.type == "cpu":
        return lambda: None
    return partial(torch.accelerator.synchronize, device)


def seconds_of(run: Run, images: Tensor, wait: Callable[[], None]) -> float:
    """Return the seconds of one run alone, from an idle device until it is idle again."""
    wait()
    started = perf_counter()
    run(images)
    wait()
    return perf_counter() - started


def _interleaved(
    ready: Mapping[str, Run],
    images: Tensor,
    runs: int,
    done: int,
    total: int,
    on_step: Callable[[int, int], None],
) -> dict[str, list[float]]:
    """Return the seconds of each run of each network, which take turns."""
    for run in ready.values():
        for _ in range(WARM_UP):
            run(images)
    wait = waiting(images.device)
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    for index in range(runs):
        for name, run in ready.items():
            seconds[name].append(seconds_of(run, images, wait))
        on_step(done + index + 1, total)
    return seconds


def _timing(network: str, engine: str, batch: int, seconds: Sequence[float]) -> Timing:
    low, median, high = np.percentile(seconds, [25, 50, 75]) * 1000
    least = 1000 * min(seconds)
    return Timing(network, engine, batch, float(median), float(low), float(high), least)


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
