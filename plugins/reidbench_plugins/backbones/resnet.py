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


resnet10 = partial(embedder, _resnet10)
resnet18 = partial(embedder, models.resnet18)
resnet34 = partial(embedder, models.resnet34)
resnet50 = partial(embedder, models.resnet50)
resnet101 = partial(embedder, models.resnet101)
