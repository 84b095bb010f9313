"""Finds Torch-Pruning's group for a channel group, and its importance of each channel."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import torch
import torch_pruning as tp  # type: ignore[import-untyped,unused-ignore]
from torch import Tensor, nn

from reidbench.api import CannotScore, Group

Importance: TypeAlias = Callable[[Any], "Tensor | None"]

# Tracing asks for an image; that of a criterion of weights alone must not be a training image.
IMAGE_SIZE = (256, 128)
_NUMBERED = re.compile(r"\[\d+\]$")


class Dependencies:
    """Torch-Pruning's dependency graph of a copy of a network; the original stays unchanged.

    Raises:
        CannotScore: Torch-Pruning cannot trace the network.
    """

    def __init__(self, network: nn.Module) -> None:
        self._originals = list(network.parameters())
        self.network = trainable_copy(network)
        try:
            with torch.enable_grad():
                self.graph = tp.DependencyGraph().build_dependency(
                    self.network, stand_in(self.network), verbose=False
                )
        except Exception as error:  # its tracer may raise anything
            raise cannot("trace this network", error) from error

    def group(self, group: Group) -> Any:
        """Return Torch-Pruning's group of every output channel of the layer that names ``group``.

        Raises:
            CannotScore: it has no such layer, or the layer has more channels than the group.
        """
        layer = self.network.get_submodule(qualified(self.network, group.name))
        pruner = self.graph.get_pruner_of_module(layer)
        channels = pruner.get_out_channels(layer) if pruner is not None else None
        if channels != group.size:
            raise CannotScore(
                f"Torch-Pruning prunes all {channels} outputs of this layer together, and the "
                f"group has {group.size} of them; use a criterion that is not a peer's"
            )
        try:
            return self.graph.get_pruning_group(
                layer, pruner.prune_out_channels, list(range(group.size))
            )
        except Exception as error:  # a layer outside its graph, an index mapping that breaks
            raise cannot("follow the channels of this layer", error) from error

    def importance(self, group: Group, importance: Importance) -> Tensor:
        """Return Torch-Pruning's importance of each channel, (group.size,).

        Raises:
            CannotScore: it gives none, not one a channel, or numbers that are not finite.
        """
        theirs = self.group(group)
        try:
            values = importance(theirs)
        except Exception as error:  # couplings that it follows but does not measure
            raise cannot("measure this group", error) from error
        if values is None:
            raise CannotScore(
                "no layer of this group has what this importance of Torch-Pruning looks at; "
                "choose another importance"
            )
        if values.shape != (group.size,):
            raise CannotScore(
                f"Torch-Pruning gives importances {tuple(values.shape)} for {group.size} channels; "
                "use a criterion that is not a peer's"
            )
        if not torch.isfinite(values).all():
            raise CannotScore(
                "Torch-Pruning's importance is not finite here, as where it divides by a group's "
                "mean or sum of zero; choose another importance"
            )
        return values.detach()

    def layers(self, group: Group) -> Iterator[nn.Module]:
        """Iterate over the layers whose outputs Torch-Pruning prunes with ``group``."""
        for dependency, _ in self.group(group):
            if self.graph.is_out_channel_pruning_fn(dependency.handler):
                yield dependency.target.module

    def pull_gradients(self, loss: Tensor) -> None:
        """Add the gradients of ``loss`` to those of the copy's parameters."""
        pairs = zip(self._originals, self.network.parameters(), strict=True)
        trained = [(original, copied) for original, copied in pairs if original.requires_grad]
        originals = [original for original, _ in trained]
        gradients = torch.autograd.grad(loss, originals, allow_unused=True)
        for (_, copied), gradient in zip(trained, gradients, strict=True):
            if gradient is not None:
                copied.grad = gradient if copied.grad is None else copied.grad + gradient


def trainable_copy(network: nn.Module) -> nn.Module:
    """Return a copy in eval mode of which every parameter requires gradients, as tracing needs."""
    return copy.deepcopy(network).eval().requires_grad_(True)


def stand_in(network: nn.Module) -> Tensor:
    """Return an image of zeros (1, 3, height, width), of the network's dtype and device."""
    like = next(network.parameters())
    return torch.zeros((1, 3, *IMAGE_SIZE), dtype=like.dtype, device=like.device)


def qualified(network: nn.Module, name: str) -> str:
    """Return the path in ``network`` of the layer that names a group; a wrapper may prefix it."""
    path = _NUMBERED.sub("", name)
    found = [own for own, _ in network.named_modules() if own == path or own.endswith(f".{path}")]
    if not found:
        raise CannotScore("Torch-Pruning is given a network without this layer; report it")
    # 'conv1' ends 'backbone.layer1.0.conv1' too: the layer itself has the shortest path.
    shortest: str = min(found, key=lambda own: own.count("."))
    return shortest


def cannot(task: str, error: Exception) -> CannotScore:
    """Return the error for anything that Torch-Pruning raised."""
    return CannotScore(
        f"Torch-Pruning cannot {task} ({type(error).__name__}: {error}); "
        "use a criterion that is not a peer's"
    )
