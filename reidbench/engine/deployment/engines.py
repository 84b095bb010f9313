"""What runs networks to time them: torch itself, or a runtime that reads an exported file."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from reidbench.engine.deployment.export import FORMATS, ExportError
from reidbench.engine.deployment.export.folding import folded
from reidbench.errors import ReidbenchError, did_you_mean

Size: TypeAlias = tuple[int, int, int]
Run: TypeAlias = Callable[[Tensor], Any]
Prepare: TypeAlias = Callable[[nn.Module, Size, Path, torch.device], Run]
"""A network, the size of its images, a file to write to and a device to a call on images."""
MISSING = "is not installed: pip install 'reidbench[export]'"


@dataclass(frozen=True)
class Engine:
    """A way to run networks: ``prepare`` makes a call on images; ``cpu_only`` if nowhere else."""

    prepare: Prepare
    cpu_only: bool = False


def refuse_engines(engines: Sequence[str], device: torch.device) -> None:
    """Refuse an engine that is unknown, or that does not run on ``device``.

    Raises:
        ReidbenchError: which, and what to do.

    """
    for engine in engines:
        if engine not in ENGINES:
            raise ReidbenchError(
                f"no engine '{engine}'{did_you_mean(engine, ENGINES)} (known: {', '.join(ENGINES)})"
            )
        if ENGINES[engine].cpu_only and device.type != "cpu":
            raise ReidbenchError(
                f"engine '{engine}' runs on the CPU here, not on '{device}': give --device cpu, or "
                "time this engine apart"
            )


def _eager(network: nn.Module, size: Size, file: Path, device: torch.device) -> Run:
    # Folded, as any deployed network is.
    own = folded(network).to(device).to(memory_format=torch.channels_last)
    return lambda images: own(images.contiguous(memory_format=torch.channels_last))


def _compiled(network: nn.Module, size: Size, file: Path, device: torch.device) -> Run:
    own = copy.deepcopy(network).eval().to(device)
    compiled: Run = torch.compile(own, dynamic=False)
    return compiled


def _exported(form: str, runner: Callable[[Path], Run]) -> Prepare:
    def make(network: nn.Module, size: Size, file: Path, device: torch.device) -> Run:
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


ENGINES: dict[str, Engine] = {
    "eager": Engine(_eager),
    "compile": Engine(_compiled),
    "onnxruntime": Engine(_exported("onnx", _onnxruntime), cpu_only=True),
    "openvino": Engine(_exported("openvino", _openvino), cpu_only=True),
}
