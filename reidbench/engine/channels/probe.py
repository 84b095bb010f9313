"""A copy of a network whose every layer matters to its output, to compare functions on."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from reidbench.engine.channels.graph import ChannelGraph


def lively_copy(module: nn.Module, graph: ChannelGraph, count: int) -> tuple[nn.Module, Tensor]:
    """Return a float64 copy in eval mode, and ``count`` random images for it.

    Scales and shifts are random, and running statistics near those of its own features. A fresh
    MobileNetV2 puts out 1e-10, and zero-initialised scales switch residual blocks off: any two
    such networks compute the same.
    """
    network = _in_double(module).eval()
    for part in network.modules():
        part._forward_hooks.clear()
        part._forward_pre_hooks.clear()
    like = next(network.parameters(), torch.zeros((), dtype=torch.float64))
    random = torch.Generator().manual_seed(0)
    images = torch.randn((count, *graph.input_size), generator=random, dtype=torch.float64)
    images = images.to(like.device)
    with torch.no_grad():
        for tensor, low, high in _dull(network, graph):
            tensor.copy_(
                torch.empty(tensor.shape, dtype=torch.float64).uniform_(low, high, generator=random)
            )
        _settle_statistics(network, images, random)
    return network, images


def _in_double(module: nn.Module) -> nn.Module:
    if not any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        # Not a copy first: it would be half as large as the whole network in float64.
        doubled = {id(own): _doubled(own) for own in module.parameters() if _is_plain(own)}
        return copy.deepcopy(module, doubled).double()
    network = copy.deepcopy(module).to_empty(device="cpu").double()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.is_floating_point():
                tensor.normal_(std=0.1).abs_().add_(0.01)
    return network


def _is_plain(parameter: nn.Parameter) -> bool:
    return type(parameter) is nn.Parameter and parameter.is_floating_point()


def _doubled(parameter: nn.Parameter) -> nn.Parameter:
    double = parameter.detach().to(torch.float64, copy=True)
    return nn.Parameter(double, requires_grad=parameter.requires_grad)


def _dull(network: nn.Module, graph: ChannelGraph) -> Iterator[tuple[Tensor, float, float]]:
    """Yield the tensors to make random: all that scale or shift channels, and zero weights."""
    seen = set()
    for part in network.modules():
        for name, tensor in part.named_parameters(recurse=False):
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            if tensor.dim() == 1 and len(tensor) > 1:
                yield (tensor, -0.3, 0.5) if "bias" in name else (tensor, 0.5, 1.5)
            elif tensor.dim() > 1 and not tensor.any():
                yield tensor, -0.1, 0.1
    for group in graph.groups:
        for cut in (*group.norms, *group.carriers):
            for name in cut.tensors:
                tensor = getattr(network.get_submodule(cut.owner), name)
                if id(tensor) not in seen and max(tensor.shape) == tensor.numel() > 1:
                    seen.add(id(tensor))
                    centred = "bias" in name or "mean" in name
                    yield (tensor, -0.3, 0.5) if centred else (tensor, 0.5, 1.5)


def _settle_statistics(network: nn.Module, images: Tensor, random: torch.Generator) -> None:
    norms = [part for part in network.modules() if isinstance(part, _NormBase)]
    norms = [part for part in norms if part.running_var is not None]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    # A quarter of the pixels has the same statistics, where the network takes other sizes.
    for trial in (images[..., ::2, ::2], images) if norms else ():
        try:
            with torch.random.fork_rng(devices=[]):
                network(trial)
            break
        except Exception:
            continue
    for norm in norms:
        norm.eval()
        for tensor, low, high in ((norm.running_mean, -0.2, 0.2), (norm.running_var, 0.5, 1.5)):
            assert tensor is not None
            factor = torch.empty(tensor.shape, dtype=torch.float64).uniform_(
                low, high, generator=random
            )
            factor = factor.to(tensor.device)
            if tensor is norm.running_mean:
                tensor.add_(factor * tensor.abs().mean())
            else:
                tensor.mul_(factor)
        assert norm.running_var is not None
        norm.running_var.clamp_(min=1e-6)
