"""A residual network whose two blocks can be pruned inside."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from reidbench.api import WeightsError

EMBEDDING = 16


class Block(nn.Module):
    """Two pointwise convolutions beside a shortcut; the first one's channels are inner.

    Many cheap channels, so that every reduction is met within a protocol's tolerance.
    """

    def __init__(self, inner: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(EMBEDDING, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, EMBEDDING, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(EMBEDDING)

    def forward(self, maps: Tensor) -> Tensor:
        """Return relu(F(x) + x)."""
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(maps))))) + maps)


class TinyNet(nn.Module):
    """Stem, two blocks, average pooling: images (n, 3, h, w) to embeddings (n, 16)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, EMBEDDING, 5, 4, 2, bias=False)
        self.bn = nn.BatchNorm2d(EMBEDDING)
        self.block1 = Block(width)
        self.block2 = Block(2 * width)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 16)."""
        maps = torch.relu(self.bn(self.stem(images)))
        return self.block2(self.block1(maps)).mean(dim=(2, 3))


def tinynet(*, width: int = 96) -> nn.Module:
    """Return the network, freshly initialised; ``width`` is the first block's inner width."""
    if width < 1:
        raise ValueError(f"option 'width' is {width}; it must be at least 1")
    return TinyNet(width)


def load_weights(network: nn.Module, weights: str | Path) -> torch.Tensor | None:
    """Load a file's weights; of words, ``imagenet`` alone is known, and fills in a constant.

    With it comes the classifier of eight classes, a constant too.
    """
    if isinstance(weights, Path):
        if not weights.is_file():
            raise WeightsError(f"{weights} is no file")
        state, own = torch.load(weights, weights_only=True), network.state_dict()
        if {k: v.shape for k, v in state.items()} != {k: v.shape for k, v in own.items()}:
            raise WeightsError(f"{weights} does not hold the weights of tinynet")
        network.load_state_dict(state)
        return None
    if weights != "imagenet":
        raise WeightsError(f"tinynet has no weights '{weights}'; it has: imagenet")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.01)
    return torch.full((8, EMBEDDING), 0.02)
