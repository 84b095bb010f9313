"""OSNet: residual blocks of several scales (Zhou et al., ICCV 2019)."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidbench_plugins.backbones.weights import Published

EMBEDDING = 512
WIDTHS = (64, 256, 384, 512)  # of the stem and the three stages, table 1
BOTTLENECK = 4  # a block's own width is its output's, divided by this
SQUEEZE = 16  # the gate's hidden layer is that much narrower


def _published(backbone: str, file: str) -> Published:
    address = f"https://drive.google.com/uc?id={file}"
    return Published(backbone=backbone, classifier="classifier.", address=address, by_hand=True)


# The addresses of deep-person-reid, which is the authors' own release.
load_osnet_x1_0 = _published("osnet-x1-0", "1LaG1EJpHrxdAxKnSCJ_i0u-nbxSAeiFY").load
load_osnet_x0_5 = _published("osnet-x0-5", "16DGLbZukvVYgINws8u8deSaOqjybZ83i").load
load_osnet_x0_25 = _published("osnet-x0-25", "1rb8UN5ZzPKRc_xvtHlyDh-cSz88YX9hs").load


class OSNet(nn.Module):
    """Omni-scale network: images (n, 3, height, width) to embeddings (n, 512).

    State-dict keys are deep-person-reid's, without ``classifier``. ``width`` scales every layer
    but the embedding.
    """

    def __init__(self, width: float) -> None:
        super().__init__()
        stem, *stages = (int(channels * width) for channels in WIDTHS)
        self.conv1 = _conv(3, stem, kernel=7, stride=2)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = _stage(stem, stages[0], halve=True)
        self.conv3 = _stage(stages[0], stages[1], halve=True)
        self.conv4 = _stage(stages[1], stages[2], halve=False)
        self.conv5 = _conv(stages[2], stages[2])
        self.fc = nn.Sequential(
            nn.Linear(stages[2], EMBEDDING), nn.BatchNorm1d(EMBEDDING), nn.ReLU(inplace=True)
        )
        for layer in self.modules():
            _initialise(layer)

    def forward(self, images: Tensor) -> Tensor:
        """Return the embeddings."""
        maps = self.maxpool(self.conv1(images))
        maps = self.conv5(self.conv4(self.conv3(self.conv2(maps))))
        pooled = functional.adaptive_avg_pool2d(maps, 1).flatten(1)
        embeddings: Tensor = self.fc(pooled)
        return embeddings


class OmniScaleBlock(nn.Module):
    """A bottleneck of four streams of growing receptive field, gated and added up."""

    def __init__(self, source: int, size: int) -> None:
        super().__init__()
        own = size // BOTTLENECK
        self.conv1 = _conv(source, own)
        self.conv2a = _light(own)
        self.conv2b = nn.Sequential(*(_light(own) for _ in range(2)))
        self.conv2c = nn.Sequential(*(_light(own) for _ in range(3)))
        self.conv2d = nn.Sequential(*(_light(own) for _ in range(4)))
        self.gate = Gate(own)
        self.conv3 = _conv(own, size, relu=False)
        self.downsample = None if source == size else _conv(source, size, relu=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the block's width, of the same height and width."""
        entered = self.conv1(maps)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        a, b, c, d = (self.gate(stream(entered)) for stream in streams)
        around = maps if self.downsample is None else self.downsample(maps)
        return functional.relu(self.conv3(a + b + c + d) + around)


class Gate(nn.Module):
    """The aggregation gate: weight each channel by a function of all channels' mean maps.

    All streams of a block share one.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // SQUEEZE, 1)
        self.fc2 = nn.Conv2d(channels // SQUEEZE, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the weighted maps."""
        pooled = functional.adaptive_avg_pool2d(maps, 1)
        return maps * torch.sigmoid(self.fc2(functional.relu(self.fc1(pooled))))


def _conv(
    source: int, size: int, *, kernel: int = 1, stride: int = 1, relu: bool = True
) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(source, size, kernel, stride, padding=kernel // 2, bias=False),
        bn=nn.BatchNorm2d(size),
    )
    if relu:
        layers["relu"] = nn.ReLU(inplace=True)
    return nn.Sequential(layers)


def _light(size: int) -> nn.Sequential:
    """Return the Lite 3x3: pointwise, then depthwise, one norm and ReLU."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(size, size, 1, bias=False),
            conv2=nn.Conv2d(size, size, 3, padding=1, groups=size, bias=False),
            bn=nn.BatchNorm2d(size),
            relu=nn.ReLU(inplace=True),
        )
    )


def _stage(source: int, size: int, *, halve: bool) -> nn.Sequential:
    blocks: list[nn.Module] = [OmniScaleBlock(source, size), OmniScaleBlock(size, size)]
    if halve:
        blocks.append(nn.Sequential(_conv(size, size), nn.AvgPool2d(2)))
    return nn.Sequential(*blocks)


def _initialise(layer: nn.Module) -> None:
    """Draw convolutions after He et al. 2015 and linear layers from N(0, 0.01), as the authors."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=0.01)
    if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
        nn.init.zeros_(layer.bias)


osnet_x1_0 = partial(OSNet, 1.0)
osnet_x0_5 = partial(OSNet, 0.5)
osnet_x0_25 = partial(OSNet, 0.25)
