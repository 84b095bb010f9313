"""Networks whose output says something: fresh ones put out almost nothing."""

from __future__ import annotations

import torch
from torch import nn


def enlivened(network: nn.Module, seed: int = 1) -> nn.Module:
    """Give the vectors of a network, and the statistics of its norms, random values; return it."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
            if tensor.ndim == 1 and tensor.is_floating_point():
                drawn = torch.rand(tensor.shape, generator=random) + 0.5
                tensor.copy_(drawn if name.endswith("var") else drawn * torch.sign(drawn - 0.8))
    return network
