"""Torchvision's MobileNetV2 without its classifier (Sandler et al., CVPR 2018)."""

from __future__ import annotations

from torch import nn
from torchvision import models


def mobilenetv2() -> nn.Module:
    """Return a freshly initialised MobileNetV2, embedding 1280; keys are ``features.*``."""
    network: nn.Module = models.mobilenet_v2(weights=None)
    network.classifier = nn.Identity()
    return network
