"""Small residual networks to try methods on: an ordinary one, and one of awkward groups."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING = 8


class Block(nn.Module):
    """Two convolutions beside a shortcut; the first one's channels are inner."""

    def __init__(self, inner: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(EMBEDDING, inner, kernel, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, EMBEDDING, kernel, padding=kernel // 2, bias=False)
        self.bn2 = nn.BatchNorm2d(EMBEDDING)

    def forward(self, maps: Tensor) -> Tensor:
        """Return relu(F(x) + x)."""
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(maps))))) + maps)


class Residual(nn.Module):
    """Stem, blocks, average pooling: images (n, 3, height, width) to embeddings (n, 8)."""

    def __init__(self, *blocks: Block) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, EMBEDDING, 5, 4, 2, bias=False)
        self.bn = nn.BatchNorm2d(EMBEDDING)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 8)."""
        maps: Tensor = self.blocks(torch.relu(self.bn(self.stem(images))))
        return maps.mean(dim=(2, 3))


def tiny() -> nn.Module:
    """Return two blocks, of 3x3 and of 1x1 convolutions.

    Many cheap channels, so that every reduction is met within a protocol's tolerance.
    """
    return Residual(Block(128, 3), Block(128, 1))


def awkward() -> nn.Module:
    """Return blocks with a single channel, with a dead channel, and with filters all equal."""
    single, dying, equal = Block(1, 3), Block(6, 3), Block(6, 3)
    with torch.no_grad():
        for tensor in (dying.conv1.weight, dying.bn1.weight, dying.bn1.bias):
            tensor[0] = 0
        dying.conv2.weight[:, 0] = 0
        equal.conv1.weight[:] = equal.conv1.weight[:1].clone()
        equal.conv2.weight[:] = equal.conv2.weight[:, :1].clone()
    return Residual(single, dying, equal)
