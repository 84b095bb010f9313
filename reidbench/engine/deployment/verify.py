"""Proof that a cut is right: the smaller network computes what the masked one does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from reidbench.engine.channels import ChannelGraph, PruningPlan, capture, mask, remove
from reidbench.errors import ReidbenchError

TOLERANCE = 1e-9
"""In float64; sums in another order differ by 1e-14."""
IMAGES = 2


class VerificationError(ReidbenchError):
    """A cut that changed the function or has other widths than its plan; nothing is returned."""


def verified_difference(network: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> float:
    """Return the largest relative difference between the removed and the masked network.

    On copies in float64 whose norms got random statistics: a fresh network puts out almost
    nothing, and any comparison of it passes. ``network`` is not touched.

    Raises:
        VerificationError: they differ, or the removed network has not the widths of the plan.

    """
    random = torch.Generator().manual_seed(0)
    masked = copy.deepcopy(network).double().eval()
    randomise_norms(masked, random)
    removed = copy.deepcopy(masked)
    mask(masked, graph, plan)
    remove(removed, graph, plan)
    _same_widths(removed, graph, plan)
    device = next((p.device for p in masked.parameters()), torch.device("cpu"))
    images = torch.randn(IMAGES, *graph.input_size, generator=random, dtype=torch.float64)
    with torch.no_grad():
        pairs = zip(
            tensors_of(masked(images.to(device))),
            tensors_of(removed(images.to(device))),
            strict=True,
        )
        difference = max((relative_difference(*pair) for pair in pairs), default=0.0)
    # Not '>', which no NaN is.
    if not difference <= TOLERANCE:
        raise VerificationError(
            f"the smaller network differs from the masked one by {difference:.1e}; please report "
            "the network: this cut must not be used"
        )
    return difference


def _same_widths(removed: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> None:
    """Refuse a network whose capture has other MACs than the plan counted."""
    again = capture(removed, graph.input_size)
    if again.macs.total() != graph.macs.total(plan.widths):
        raise VerificationError(
            f"the smaller network has {again.macs.total()} MACs where the plan has "
            f"{graph.macs.total(plan.widths)}; please report the network: this cut must not be used"
        )


def randomise_norms(network: nn.Module, random: torch.Generator) -> None:
    """Give every vector of the network, and the statistics of its norms, random values."""
    with torch.no_grad():
        for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
            if tensor.ndim == 1 and tensor.is_floating_point():
                drawn = torch.rand(tensor.shape, generator=random, dtype=torch.float64) + 0.5
                sign = 1 if name.endswith("var") else torch.sign(drawn - 0.8)
                tensor.copy_(drawn * sign)


def tensors_of(output: Any) -> Iterator[Tensor]:
    """Iterate over the tensors of an output: a tensor, or tuples, lists and dicts of them."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from tensors_of(value)
    elif isinstance(output, list | tuple):
        for value in output:
            yield from tensors_of(value)


def relative_difference(expected: Tensor, got: Tensor) -> float:
    """Return the largest difference over the largest expected value, infinite for other shapes."""
    if expected.shape != got.shape:
        return float("inf")
    scale = expected.abs().max().clamp_min(torch.finfo(expected.dtype).tiny)
    return float((expected - got).abs().max() / scale)
