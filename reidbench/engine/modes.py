"""Switching a network to eval mode for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Run the block with the network in eval mode; restore each module's flag, also on errors."""
    flags = {module: module.training for module in network.modules()}
    try:
        network.eval()
        yield
    finally:
        for module, flag in flags.items():
            module.training = flag
