"""Networks that are sound until they train."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from reidbench_tiny.network import TinyNet
from torch import Tensor, nn

from reidbench_hostile import attacks


class HostileNet(TinyNet):
    """The tiny network, with a fault that shows in training alone: before it, all is well."""

    def __init__(self, fault: str) -> None:
        super().__init__(96)
        self.fault = fault

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 16)."""
        embeddings = super().forward(images)
        if not self.training or torch.compiler.is_compiling():
            return embeddings
        if self.fault == "nan":
            return embeddings * torch.nan
        if self.fault == "misshapes":
            return embeddings[1:]
        if self.fault == "fickle":
            return embeddings * (1 + os.urandom(1)[0] / 999)
        if self.fault == "ungrateful":
            torch.set_grad_enabled(False)
        else:
            getattr(attacks, self.fault)()
        return embeddings


class Traced(TinyNet):
    """The tiny network, which attacks whoever traces it."""

    def __init__(self, fault: str) -> None:
        super().__init__(96)
        self.fault = fault

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 16), if it comes to that."""
        getattr(attacks, self.fault)()
        return super().forward(images)


class Loaded(TinyNet):
    """The tiny network, which remembers what the loader of its weights does."""

    def __init__(self, fault: str) -> None:
        super().__init__(96)
        self.fault = fault


def built(*, fault: str) -> nn.Module:
    """Attack, then return the tiny network."""
    getattr(attacks, fault)()
    return TinyNet(96)


def traced(*, fault: str) -> nn.Module:
    """Return a network that attacks when it is called."""
    return Traced(fault)


def loaded(*, fault: str) -> nn.Module:
    """Return a network whose weights cannot be loaded."""
    return Loaded(fault)


def load(network: nn.Module, weights: str | Path) -> None:
    """Attack in place of loading weights."""
    getattr(attacks, network.fault)()


def net(*, fault: str) -> nn.Module:
    """Return the network."""
    return HostileNet(fault)


def unmade(*, fault: str) -> nn.Module:
    """End the process that makes it."""
    raise SystemExit(fault)
