"""Shares captured graphs: checks cut one small network to the same few shapes again and again."""

from __future__ import annotations

from collections.abc import Hashable

from torch import nn

from reidbench.engine.channels import ChannelGraph, capture

_GRAPHS: dict[Hashable, ChannelGraph] = {}


def shared_capture(module: nn.Module, input_size: tuple[int, int, int]) -> ChannelGraph:
    """Return the graph of a module, captured once a process for each structure.

    For modules whose forward pass is given by their classes, their printed settings and the
    shapes of their tensors, as that of the toy networks is.
    """
    parts = dict(module.named_modules())
    key = (
        input_size,
        str(module),
        *((name, type(part), vars(part).get("forward")) for name, part in parts.items()),
        *((name, tensor.shape, tensor.device) for name, tensor in module.state_dict().items()),
    )
    if key not in _GRAPHS:
        _GRAPHS[key] = capture(module, input_size)
    return _GRAPHS[key]
