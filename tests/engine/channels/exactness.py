"""Independent checks that a network is cut exactly: function, widths, multiply-accumulates."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from reidbench.engine.channels import ChannelGraph, PruningPlan, capture, guard, mask, remove
from tests.engine.channels.networks import random_plan

Size = tuple[int, int, int]


def captured(network: nn.Module, size: Size) -> ChannelGraph:
    """Capture, and let the guard prove it."""
    graph = capture(network, size)
    guard(network, graph)
    return graph


def assert_exact(network: nn.Module, graph: ChannelGraph, seeds: range = range(3)) -> None:
    """Cut by random plans; each result is the masked network, at the predicted cost."""
    assert graph.macs.total() == counted_by_torch(network, graph.input_size)
    for seed in seeds if graph.widths else ():
        assert_plan_is_exact(network, graph, random_plan(graph, "all", seed))


def assert_plan_is_exact(network: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> None:
    dense = copy.deepcopy(network).double().eval()
    images = torch.randn(3, *graph.input_size, dtype=torch.float64)
    removed, masked, unread = (copy.deepcopy(dense) for _ in range(3))
    remove(removed, graph, plan)
    mask(masked, graph, plan)
    forget_columns(unread, graph, plan)
    outputs = [computed(part, images) for part in (removed, masked, unread)]
    if not torch.isfinite(outputs[2]).all():
        return  # the whole network divides 0 by 0 on its own: there is nothing to compare with
    assert torch.isfinite(outputs[0]).all()
    scale = outputs[2].abs().max()
    assert (outputs[0] - outputs[1]).abs().max() <= 1e-9 * scale
    assert (outputs[0] - outputs[2]).abs().max() <= 1e-9 * scale
    assert graph.macs.total(plan.widths) == counted_by_torch(removed, graph.input_size)
    kept = [g.name for g in graph.groups if any("kept as asked" in words for words in g.kept_by)]
    again = capture(removed, graph.input_size, keep=kept).widths
    # A last channel never goes: whether it counts as a group of one or as kept is all the same.
    assert {**plan.widths, **again} == plan.widths
    assert all(plan.widths[name] == 1 for name in plan.widths.keys() - again.keys())


@torch.no_grad()
def forget_columns(network: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> None:
    """Make the readers of dropped channels blind to them, and change nothing else.

    Slow and simple: one position at a time, with none of the engine's masks.
    """
    for group in graph.groups:
        for cut in group.consumers:
            weight = getattr(network.get_submodule(cut.owner), cut.tensors[0])
            for position, channel in zip(
                cut.positions.tolist(), cut.channels.tolist(), strict=True
            ):
                if channel in plan.dropped.get(group.name, ()):
                    weight.select(cut.dim, position).zero_()


@torch.no_grad()
def computed(network: nn.Module, images: Tensor) -> Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return network(images)


def counted_by_torch(network: nn.Module, size: Size) -> int:
    """Count one real forward pass of one image; torch counts two operations each."""
    like = next(network.parameters())
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        # The attention kernels for CPUs are not counted either.
        with (
            FlopCounterMode(display=False) as counter,
            torch.no_grad(),
            sdpa_kernel(SDPBackend.MATH),
        ):
            network.eval()(torch.randn(1, *size, dtype=like.dtype))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return counter.get_total_flops() // 2
