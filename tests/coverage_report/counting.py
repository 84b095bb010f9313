"""MACs as torch's own counter sees them, apart from everything that this project counts."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def torch_counts(network: nn.Module, size: tuple[int, int, int]) -> int:
    """Return the MACs that torch's own counter sees when the network runs on one image."""
    counter = FlopCounterMode(display=False)
    frozen = [tensor for tensor in network.parameters() if tensor.requires_grad]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it hides what it multiplies
    try:
        for tensor in frozen:  # the counter trips over views of what has gradients
            tensor.requires_grad_(False)
        with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            network(torch.randn(1, *size))
    finally:
        for tensor in frozen:
            tensor.requires_grad_(True)
        torch.backends.mha.set_fastpath_enabled(fast)
    return int(counter.get_total_flops()) // 2
