"""Which device workers compute on, told without torch where no GPU can be."""

from __future__ import annotations

import sys
from pathlib import Path

_DRIVERS = ("/dev/nvidiactl", "/dev/nvmap", "/dev/kfd", "/dev/dxg")
"""What a GPU's driver shows on Linux: NVIDIA's, that of its small boards, AMD's, and WSL's."""


def choose(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the device called ``name`` and the ids of the GPUs that workers share, if any.

    No GPU is set up: only a process that computes on one holds it.

    Raises:
        ReidbenchError: no such device here.

    """
    if not is_torchs_choice(name):
        return "cpu", ()
    # Seconds, and half a gigabyte of a driver that computes nothing.
    from reidbench.engine.device import cards, choose_device

    return str(choose_device(name)), cards(name)


def is_torchs_choice(name: str) -> bool:
    """Return whether only torch can tell what the device called ``name`` is; else it is the CPU."""
    return name != "cpu" and (name != "auto" or _may_have_gpu())


def _may_have_gpu() -> bool:
    if sys.platform == "linux":
        return any(Path(driver).exists() for driver in _DRIVERS)
    return sys.platform != "darwin"
