"""Silence the channels of a plan without removing them, for good (mask) or for now (soften)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup, Slice
from reidbench.engine.channels.plan import PruningPlan


def mask(module: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> None:
    """Zero the dropped channels in place so that the output equals the pruned network's.

    Filters, biases, norms' scales and shifts and the next layers' input columns all become
    zero; the columns make it right for any activation, also one with f(0) other than 0. Where
    zeros would be divided by, only the columns become zero.
    """
    for group, dropped in _losing(graph, plan):
        for cut in group.consumers if group.divides else group.slices:
            _zero(_parts(module, cut, cut.tensors), cut, dropped)


def soften(
    module: nn.Module,
    graph: ChannelGraph,
    plan: PruningPlan,
    optimizer: Optimizer | None = None,
    *,
    factor: float = 0.0,
    norms: bool = False,
) -> None:
    """Shrink only the filters and biases that make the dropped channels; they may grow back.

    They are multiplied by ``factor``; the norms stay as they are (soft filter pruning, He et al.
    2018), or shrink too with ``norms``: a norm that learns its statistics from the batch undoes
    any factor other than 0. With an ``optimizer`` its state for what shrinks is zeroed, or old
    momentum would bring it straight back.
    """
    for group, dropped in _losing(graph, plan):
        for cut in (*group.producers, *(group.norms if norms else ())):
            own = list(_parts(module, cut, cut.tensors))
            _scale(own, cut, dropped, factor)
            if optimizer is not None:
                for parameter in own:
                    _zero(_state(optimizer, parameter), cut, dropped)


def _losing(
    graph: ChannelGraph, plan: PruningPlan
) -> Iterator[tuple[ChannelGroup, tuple[int, ...]]]:
    plan.fits(graph.widths)
    gone = plan.dropped
    return ((group, gone[group.name]) for group in graph.groups if group.name in gone)


def _parts(module: nn.Module, cut: Slice, names: tuple[str, ...]) -> Iterator[Tensor]:
    own = module.get_submodule(cut.owner)._parameters
    return (parameter for name in names if (parameter := own.get(name)) is not None)


def _state(optimizer: Optimizer, parameter: Tensor) -> Iterator[Tensor]:
    for value in optimizer.state.get(parameter, {}).values():
        if isinstance(value, Tensor) and value.dim() > 0 and value.shape == parameter.shape:
            yield value


def _zero(tensors: Iterable[Tensor], cut: Slice, dropped: tuple[int, ...]) -> None:
    _scale(tensors, cut, dropped, 0.0)


@torch.no_grad()
def _scale(tensors: Iterable[Tensor], cut: Slice, dropped: tuple[int, ...], factor: float) -> None:
    positions = torch.from_numpy(cut.positions[np.isin(cut.channels, dropped)])
    for tensor in tensors:
        here = positions.to(tensor.device)
        if factor == 0:  # a product would keep what is not finite
            tensor.index_fill_(cut.dim, here, 0)
        else:
            tensor.index_copy_(cut.dim, here, tensor.index_select(cut.dim, here) * factor)
