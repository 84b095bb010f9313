"""Small residual networks to check methods on: an ordinary one, and one of unusual groups."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

STREAM, EMBEDDING = 8, 12


class Block(nn.Module):
    """Two convolutions beside a shortcut; the first one's channels are inner."""

    def __init__(self, width: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, inner, kernel, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, width, kernel, padding=kernel // 2, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, maps: Tensor) -> Tensor:
        """Return relu(F(x) + x)."""
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(maps))))) + maps)


class Residual(nn.Module):
    """Stem, blocks, a wider stream, blocks, pooling: images (n, 3, h, w) to embeddings (n, 12).

    The narrow stream can be pruned in scope ``all``; the wide one is the embedding.
    """

    def __init__(self, narrow: Sequence[Block], wide: Sequence[Block]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STREAM, 5, 4, 2, bias=False)
        self.bn = nn.BatchNorm2d(STREAM)
        self.narrow = nn.Sequential(*narrow)
        self.widen = nn.Conv2d(STREAM, EMBEDDING, 1, bias=False)
        self.widen_bn = nn.BatchNorm2d(EMBEDDING)
        self.wide = nn.Sequential(*wide)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 12)."""
        maps = self.narrow(torch.relu(self.bn(self.stem(images))))
        maps = self.wide(torch.relu(self.widen_bn(self.widen(maps))))
        embeddings: Tensor = maps.mean(dim=(2, 3))
        return embeddings


def tiny() -> nn.Module:
    """Return two blocks, of 3x3 and of 1x1 convolutions.

    Many cheap channels, so that every reduction is met within a protocol's tolerance.
    """
    return Residual([Block(STREAM, 128, 3)], [Block(EMBEDDING, 128, 1)])


def awkward() -> nn.Module:
    """Return blocks with a single channel, with a dead channel, and with filters all equal."""
    single, dying, equal = Block(STREAM, 1, 3), Block(STREAM, 6, 3), Block(EMBEDDING, 6, 3)
    with torch.no_grad():
        for tensor in (dying.conv1.weight, dying.bn1.weight, dying.bn1.bias):
            tensor[0] = 0
        dying.conv2.weight[:, 0] = 0
        equal.conv1.weight[:] = equal.conv1.weight[:1].clone()
        equal.conv2.weight[:] = equal.conv2.weight[:, :1].clone()
    return Residual([single, dying], [equal])
