"""One writer and one reader a file format; the reader is what parity is checked with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reidbench.engine.channels.proof import outputs_of
from reidbench.engine.deployment.export.folding import folded
from reidbench.errors import ReidbenchError

Run: TypeAlias = Callable[[Tensor], list[Tensor]]
"""Images (n, C, H, W), float32 on the CPU, to the network's outputs."""
METADATA = "reidbench"


class ExportError(ReidbenchError):
    """A network that cannot be exported, or whose file computes something else."""


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        suffix: how its files end.
        write: writes a network in eval mode for images of a size, with metadata.
        read: returns the network of a file; for weights alone, the network they are loaded into.

    """

    suffix: str
    write: Callable[[nn.Module, tuple[int, int, int], Path, Mapping[str, Any]], None]
    read: Callable[[Path, nn.Module], Run]


def _example(size: tuple[int, int, int]) -> Tensor:
    return torch.zeros(2, *size)


def _program(network: nn.Module, size: tuple[int, int, int]) -> torch.export.ExportedProgram:
    """Return the network captured with a dynamic batch."""
    batch = torch.export.Dim("batch", min=1, max=4096)
    return torch.export.export(network, (_example(size),), dynamic_shapes=({0: batch},))


def _write_onnx(
    network: nn.Module, size: tuple[int, int, int], file: Path, metadata: Mapping[str, Any]
) -> None:
    onnx = _needed("onnx")
    _needed("onnxscript")
    program = torch.onnx.export(
        network,
        (_example(size),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
        input_names=["images"],
        verbose=False,
        external_data=False,
    )
    assert program is not None
    model = program.model_proto
    onnx.helper.set_model_props(model, {METADATA: json.dumps(metadata)})
    file.write_bytes(model.SerializeToString())


def _read_onnx(file: Path, network: nn.Module) -> Run:
    runtime = _needed("onnxruntime")
    session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: _tensors(session.run(None, {name: images.numpy()}))


def _write_pt2(
    network: nn.Module, size: tuple[int, int, int], file: Path, metadata: Mapping[str, Any]
) -> None:
    program = _program(folded(network), size)
    torch.export.save(program, file, extra_files={f"{METADATA}.json": json.dumps(metadata)})


def _read_pt2(file: Path, network: nn.Module) -> Run:
    module = torch.export.load(file).module()
    return lambda images: outputs_of(module, images)


def _write_openvino(
    network: nn.Module, size: tuple[int, int, int], file: Path, metadata: Mapping[str, Any]
) -> None:
    openvino = _needed("openvino")
    model = openvino.convert_model(_program(folded(network), size))
    model.set_rt_info(json.dumps(metadata), [METADATA])
    openvino.save_model(model, file, compress_to_fp16=False)


def _read_openvino(file: Path, network: nn.Module) -> Run:
    # Its CPU plugin may compute in bfloat16 where the processor does; parity is of float32.
    precise = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = _needed("openvino").Core().compile_model(str(file), "CPU", precise)
    return lambda images: _tensors(compiled(images.numpy()).values())


def _write_weights(
    network: nn.Module, size: tuple[int, int, int], file: Path, metadata: Mapping[str, Any]
) -> None:
    own = {name: value.contiguous().clone() for name, value in network.state_dict().items()}
    save_file(own, file, metadata={METADATA: json.dumps(metadata)})


def _read_weights(file: Path, network: nn.Module) -> Run:
    network.load_state_dict(load_file(file), strict=True)
    return lambda images: outputs_of(network, images)


def _tensors(arrays: Any) -> list[Tensor]:
    return [torch.from_numpy(np.asarray(array)) for array in arrays]


def _needed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ExportError(
            f"{module} is not installed: pip install 'reidbench[export]' brings what exports need"
        ) from error


FORMATS: dict[str, Format] = {
    "onnx": Format(".onnx", _write_onnx, _read_onnx),
    "pt2": Format(".pt2", _write_pt2, _read_pt2),
    "openvino": Format(".xml", _write_openvino, _read_openvino),
    "state-dict": Format(".safetensors", _write_weights, _read_weights),
}
