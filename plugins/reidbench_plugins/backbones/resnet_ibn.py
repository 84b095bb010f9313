"""ResNets of which half the channels are instance-normalised early on (Pan et al., ECCV 2018)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from reidbench_plugins.backbones.resnet import embedder
from reidbench_plugins.backbones.weights import Published

load_resnet50_ibn_a = Published(
    backbone="resnet50-ibn-a",
    classifier="fc.",
    address=(
        "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/resnet50_ibn_a-d9d0bb7b.pth"
    ),
).load


class HalfInstanceNorm(nn.Module):
    """Normalise the first half of the channels by image, the rest by batch (Pan et al., IBN-a).

    The image's own statistics take its style off shallow features; the other half keeps content.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        # A list, and no `channels // 2` in forward: either half then loses channels on its own.
        self.parts = [channels // 2, channels - channels // 2]
        self.IN = nn.InstanceNorm2d(self.parts[0], affine=True)
        self.BN = nn.BatchNorm2d(self.parts[1])

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape."""
        by_image, by_batch = torch.split(maps, self.parts, dim=1)
        return torch.cat([self.IN(by_image), self.BN(by_batch)], dim=1)


def resnet50_ibn_a(*, last_stride: int = 2) -> nn.Module:
    """Return a freshly initialised ResNet-50-IBN-a, embedding 2048; keys are the authors'.

    The first norm of every bottleneck in layers 1 to 3 is a :class:`HalfInstanceNorm`; layer4 has
    none, because deep features hold content more than style. See
    :func:`~reidbench_plugins.backbones.resnet.embedder` for ``last_stride``.
    """
    network = embedder(models.resnet50, last_stride=last_stride)
    for layer in ("layer1", "layer2", "layer3"):
        blocks: Any = network.get_submodule(layer)
        for block in blocks:
            block.bn1 = HalfInstanceNorm(block.bn1.num_features)
    return network
