"""Torchvision's ResNets without their classifier (He et al., CVPR 2016)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock

from reidbench_plugins.backbones.weights import Published


def _published(backbone: str, weights: models.WeightsEnum) -> Published:
    return Published(backbone=backbone, classifier="fc.", address=weights.url)


# Version 1, which the literature starts from: the newer ones train by another recipe.
load_resnet18 = _published("resnet18", models.ResNet18_Weights.IMAGENET1K_V1).load
load_resnet34 = _published("resnet34", models.ResNet34_Weights.IMAGENET1K_V1).load
load_resnet50 = _published("resnet50", models.ResNet50_Weights.IMAGENET1K_V1).load
load_resnet101 = _published("resnet101", models.ResNet101_Weights.IMAGENET1K_V1).load


def embedder(build: Callable[..., models.ResNet], *, last_stride: int = 2) -> nn.Module:
    """Return a freshly initialised ResNet that ends at its pooled features.

    State-dict keys are torchvision's, without ``fc``. ``last_stride`` is layer4's: 2, or 1 for a
    last map of twice the height and width (Luo et al., Bag of Tricks, CVPRW 2019).

    Raises:
        ValueError: ``last_stride`` is neither 1 nor 2.
    """
    if last_stride not in (1, 2):
        raise ValueError(f"option 'last_stride' is {last_stride!r}; choose 1 or 2")
    network: nn.Module = build(weights=None)
    network.fc = nn.Identity()
    if last_stride == 1:
        # Basic blocks stride in conv1, bottlenecks in conv2, both in the shortcut's projection.
        for layer in network.get_submodule("layer4.0").modules():
            if isinstance(layer, nn.Conv2d):
                layer.stride = (1, 1)
    return network


def _resnet10(weights: None) -> models.ResNet:
    """Return one basic block a stage, half the MACs of ResNet-18."""
    return models.ResNet(BasicBlock, [1, 1, 1, 1])


def _resnet18_x0_5(weights: None) -> models.ResNet:
    """Return half of ResNet-18's channels in every layer: about a quarter of its MACs."""
    return _at_half_width(models.resnet18(weights=weights), blocks=2)


def _resnet10_x0_5(weights: None) -> models.ResNet:
    """Return half of ResNet-10's channels in every layer: half the MACs of ``resnet18-x0-5``."""
    return _at_half_width(_resnet10(weights), blocks=1)


def _at_half_width(network: models.ResNet, blocks: int) -> models.ResNet:
    """Give a ResNet stages of ``blocks`` basic blocks and of half the usual channels."""
    network.conv1 = nn.Conv2d(3, 32, kernel_size=7, stride=2, padding=3, bias=False)
    network.bn1 = nn.BatchNorm2d(32)
    network.layer1 = _stage(32, 32, blocks, stride=1)
    network.layer2 = _stage(32, 64, blocks, stride=2)
    network.layer3 = _stage(64, 128, blocks, stride=2)
    network.layer4 = _stage(128, 256, blocks, stride=2)
    for conv in network.modules():
        if isinstance(conv, nn.Conv2d):  # as torchvision begins
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return network


def _stage(inputs: int, outputs: int, blocks: int, *, stride: int) -> nn.Sequential:
    """Return basic blocks; the first one's shortcut is a projection where shapes differ."""
    shortcut = None
    if stride != 1 or inputs != outputs:
        projection = nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False)
        shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))
    first = BasicBlock(inputs, outputs, stride, shortcut)
    return nn.Sequential(first, *(BasicBlock(outputs, outputs) for _ in range(blocks - 1)))


resnet10 = partial(embedder, _resnet10)
resnet10_x0_5 = partial(embedder, _resnet10_x0_5)
resnet18_x0_5 = partial(embedder, _resnet18_x0_5)
resnet18 = partial(embedder, models.resnet18)
resnet34 = partial(embedder, models.resnet34)
resnet50 = partial(embedder, models.resnet50)
resnet101 = partial(embedder, models.resnet101)
