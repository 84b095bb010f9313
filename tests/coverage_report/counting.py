"""MACs as torch's own counter sees them, apart from everything that this project counts."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

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
        with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH), _recurrence_seen(network):
            network(torch.randn(1, *size))
    finally:
        for tensor in frozen:
            tensor.requires_grad_(True)
        torch.backends.mha.set_fastpath_enabled(fast)
    return int(counter.get_total_flops()) // 2


def _recurrence_seen(network: nn.Module) -> AbstractContextManager[object]:
    """Return a context in which recurrent layers run as products, not as one unseen kernel."""
    if any(isinstance(part, nn.RNNBase) for part in network.modules()):
        context: AbstractContextManager[object] = torch.backends.mkldnn.flags(enabled=False)
        return context
    return nullcontext()
