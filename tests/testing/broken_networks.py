"""Backbones that work with no method at all, each in one way."""

from __future__ import annotations

from torch import Tensor, nn


class Breaks(nn.Module):
    """Raise in the forward pass."""

    def forward(self, images: Tensor) -> Tensor:
        """Raise."""
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


class Branches(nn.Module):
    """Choose a path by the values of the images, which no capture can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings of bright images, and the negatives of others."""
        maps = self.conv(images).mean(dim=(2, 3))
        return maps if images.mean() > 0 else -maps


def unbuilt() -> nn.Module:
    """Raise where the network is made."""
    raise FileNotFoundError("no such file: widths.json")
