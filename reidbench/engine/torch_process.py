"""What torch says of this process: its version, its threads and the GPU memory it took."""

from __future__ import annotations

import torch


def version() -> str:
    """Return the version of torch with its build, e.g. ``2.6.0+cu124``."""
    return torch.__version__


def threads() -> int:
    """Return how many CPU threads torch computes with."""
    return torch.get_num_threads()


def peak_gpu_memory() -> int:
    """Return the most bytes of GPU memory that were allocated at once, 0 without a GPU."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
