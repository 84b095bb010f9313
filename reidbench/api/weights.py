"""What the loader of a backbone calls to load a user's file of weights."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def load_backbone(
    network: nn.Module,
    file: Path,
    *,
    name: str,
    classifier: str | tuple[str, ...] = "",
    format: str = "",
    convert: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None,
) -> Tensor | None:
    """Load a file of weights into a backbone, in place, and return the classifier's weight.

    The file is safetensors, or what ``torch.save`` wrote; no code in it is run. Its tensors may be
    inside a checkpoint (``state_dict``, ``model``, ...), and their names behind the prefixes that
    DDP, ``torch.compile``, torchreid and fast-reid write (``module.``, ``backbone.``, ...). Heads
    that the backbone does not have are left out, and a warning is logged that names them; all
    other tensors must be the network's, to the last shape.

    Args:
        network: the backbone, without a classifier.
        file: the file.
        name: how errors name the backbone.
        classifier: the prefix of its publisher's classifier, such as ``fc.``.
        format: where a file of the right format is, for an error to say.
        convert: makes the network's names and shapes of those of another release.

    Returns:
        The weight (classes, d) of the classifier that read the embedding; None without one.

    Raises:
        WeightsError: the file cannot be read safely, or does not fit; nothing is loaded then.

    """
    # By name, because importing the API does not import torch.
    engine = import_module("reidbench.engine.weights")
    loaded: Tensor | None = engine.load_backbone(
        network, file, name=name, classifier=classifier, format=format, convert=convert
    )
    return loaded
