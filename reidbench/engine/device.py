"""The device a run computes on: set up for a protocol's precision, and asked what it used."""

from __future__ import annotations

import os
from typing import TypeAlias

import torch

from reidbench.errors import ReidbenchError

Device: TypeAlias = torch.device


def prepare_device(name: str, threads: int | None) -> Device:
    """Return the device called ``name`` (``auto`` takes a GPU if there is one), ready to use.

    Convolutions and products in float32 are float32 everywhere: a GPU's default, TF32, keeps 10
    bits of mantissa. cuDNN is held to deterministic algorithms.

    Raises:
        ReidbenchError: no such device here.

    """
    if threads:
        torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    device = choose_device(name)
    torch.zeros(1, device=device)
    return device


def choose_device(name: str) -> Device:
    """Return the device called ``name``, not set up: a GPU that is there is not touched.

    A process that only hands out work must not hold a GPU: some are for one process at a time.

    Raises:
        ReidbenchError: no such device here.

    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type != "cuda" or (device.index or 0) >= torch.cuda.device_count():
            torch.zeros(1, device=device)  # says what is wrong with it
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ReidbenchError(f"--device {name}: {reason}; use auto, cpu or cuda:N") from error
    if device.type == "meta":
        raise ReidbenchError("--device meta: computes nothing; use auto, cpu or cuda:N")
    return device


def cards(name: str) -> tuple[str, ...]:
    """Return the ids of the GPUs that workers share; none if ``name`` is of one device."""
    if name not in ("auto", "cuda") or not torch.cuda.is_available():
        return ()
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    ids = [one.strip() for one in given.split(",") if one.strip()]
    return tuple(ids) or tuple(map(str, range(torch.cuda.device_count())))


def peak_gpu_memory() -> int:
    """Return the most bytes that tensors held at once on the current GPU; 0 without one."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0


def thread_count() -> int:
    """Return how many threads torch computes with on the CPU."""
    return torch.get_num_threads()


def torch_version() -> str:
    """Return torch's version, e.g. ``2.5.1+cpu``."""
    return str(torch.__version__)
