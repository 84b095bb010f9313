"""The device a run computes on, set up so that a protocol's precision means what it says."""

from __future__ import annotations

import torch

from reidbench.errors import ReidbenchError


def prepare_device(name: str, threads: int | None) -> torch.device:
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
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ReidbenchError(f"--device {name}: {reason}; use auto, cpu or cuda:N") from error
    return device
