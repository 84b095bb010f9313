"""How long networks take on this machine: side by side, interleaved, no verdict from noise."""

from __future__ import annotations

import copy
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from reidbench.engine.deployment.export import FORMATS, ExportError
from reidbench.engine.deployment.export.folding import folded
from reidbench.errors import ReidbenchError, did_you_mean

Size: TypeAlias = tuple[int, int, int]
Run: TypeAlias = Callable[[Tensor], Any]
MISSING = "is not installed: pip install 'reidbench[export]'"
WARM_UP = 5
WIDE = 0.10
"""Quartiles farther apart than this share of the median give no verdict."""


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
    """What the figures are of: they compare with no other machine's."""

    processor: str
    threads: int
    versions: Mapping[str, str]


def measure(
    networks: Mapping[str, nn.Module],
    *,
    size: Size,
    engines: Sequence[str] = ("eager",),
    batches: Sequence[int] = (1, 8),
    runs: int = 20,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timing]:
    """Return the timings of every network on every engine at every batch size.

    The networks take turns, so that a slow minute of the machine hits all of them alike; each runs
    ``WARM_UP`` times first. Torch's threads are used as they are set.

    Raises:
        ReidbenchError: an engine is unknown, its extra is not installed, or a network fails on it.

    """
    for engine in engines:
        if engine not in ENGINES:
            raise ReidbenchError(
                f"no engine '{engine}'{did_you_mean(engine, ENGINES)} (known: {', '.join(ENGINES)})"
            )
    total = len(engines) * len(batches) * runs
    timings: list[Timing] = []
    with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        for engine in engines:
            ready = {
                name: ENGINES[engine](network, size, Path(folder) / f"{index}")
                for index, (name, network) in enumerate(networks.items())
            }
            for batch in batches:
                done = len(timings) // max(1, len(networks)) * runs
                found = _interleaved(ready, torch.randn(batch, *size), runs, done, total, on_step)
                timings += [_timing(name, engine, batch, found[name]) for name in networks]
    return timings


def machine() -> Machine:
    """Return what this machine is."""
    packages = ("torch", "onnxruntime", "openvino")
    return Machine(_processor(), torch.get_num_threads(), _versions(packages))


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
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    for index in range(runs):
        for name, run in ready.items():
            started = perf_counter()
            run(images)
            seconds[name].append(perf_counter() - started)
        on_step(done + index + 1, total)
    return seconds


def _timing(network: str, engine: str, batch: int, seconds: Sequence[float]) -> Timing:
    low, median, high = np.percentile(seconds, [25, 50, 75]) * 1000
    least = 1000 * min(seconds)
    return Timing(network, engine, batch, float(median), float(low), float(high), least)


def _eager(network: nn.Module, size: Size, file: Path) -> Run:
    # Folded, as any deployed network is.
    own = folded(network).to(memory_format=torch.channels_last)
    return lambda images: own(images.contiguous(memory_format=torch.channels_last))


def _compiled(network: nn.Module, size: Size, file: Path) -> Run:
    compiled: Run = torch.compile(copy.deepcopy(network).eval(), dynamic=False)
    return compiled


def _exported(form: str, runner: Callable[[Path], Run]) -> Callable[[nn.Module, Size, Path], Run]:
    def make(network: nn.Module, size: Size, file: Path) -> Run:
        file = file.with_suffix(FORMATS[form].suffix)
        # Exporters capture in a mode of their own.
        with torch.inference_mode(mode=False), torch.no_grad():
            FORMATS[form].write(copy.deepcopy(network).eval(), size, file, {})
        return runner(file)

    return make


def _onnxruntime(file: Path) -> Run:
    try:
        import onnxruntime
    except ImportError as error:
        raise ExportError(f"onnxruntime {MISSING}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images.numpy()})


def _openvino(file: Path) -> Run:
    try:
        import openvino
    except ImportError as error:
        raise ExportError(f"openvino {MISSING}") from error
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = openvino.Core().compile_model(str(file), "CPU", settings)
    return lambda images: compiled(images.numpy())


ENGINES: dict[str, Callable[[nn.Module, Size, Path], Run]] = {
    "eager": _eager,
    "compile": _compiled,
    "onnxruntime": _exported("onnx", _onnxruntime),
    "openvino": _exported("openvino", _openvino),
}


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
