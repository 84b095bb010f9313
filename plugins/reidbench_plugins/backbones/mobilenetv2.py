"""Torchvision's MobileNetV2 without its classifier (Sandler et al., CVPR 2018)."""

from __future__ import annotations

from torch import nn
from torchvision import models

from reidbench_plugins.backbones.weights import Published

load_mobilenetv2 = Published(
    backbone="mobilenetv2",
    classifier="classifier.",
    address=models.MobileNet_V2_Weights.IMAGENET1K_V1.url,
).load


def mobilenetv2() -> nn.Module:
    """Return a freshly initialised MobileNetV2, embedding 1280; keys are ``features.*``."""
    network: nn.Module = models.mobilenet_v2(weights=None)
    network.classifier = nn.Identity()
    return network
