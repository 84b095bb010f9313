"""A captured graph is shared by networks of one structure, and by no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from reidbench.engine.channels import PruningPlan, capture, remove
from reidbench.testing.sandbox import shared_capture
from reidbench.testing.toys import Block, Residual, awkward, tiny

SIZE = (3, 32, 16)


def narrower() -> nn.Module:
    """Return the tiny network with one channel removed."""
    network = tiny()
    graph = capture(network, SIZE)
    group = graph.in_scope("inner")[0]
    kept = {name: tuple(range(size)) for name, size in graph.widths.items()}
    kept[group.name] = kept[group.name][1:]
    remove(network, graph, PruningPlan(kept, graph.widths))
    return network


def wider_strides() -> nn.Module:
    """Return a network whose tensors have the tiny one's shapes, with fewer positions."""
    network = tiny()
    network.get_submodule("stem").stride = (8, 8)  # type: ignore[assignment]
    return network


def test_networks_of_one_structure_share_their_graph() -> None:
    assert shared_capture(tiny(), SIZE) is shared_capture(tiny().train(), SIZE)


@pytest.mark.parametrize("make", [tiny, awkward, narrower, wider_strides])
def test_a_shared_graph_is_the_one_that_a_capture_gives(make: Callable[[], nn.Module]) -> None:
    shared_capture(tiny(), SIZE)
    network = make()
    shared, fresh = shared_capture(network, SIZE), capture(network, SIZE)
    assert shared.widths == fresh.widths and shared.macs.total() == fresh.macs.total()


def test_a_module_with_a_function_of_its_own_shares_nothing() -> None:
    changed = Residual([Block(8, 8, 3)], [Block(12, 4, 1)])
    before = shared_capture(changed, SIZE)
    block = changed.get_submodule("narrow.0")
    block.forward = lambda maps: maps  # type: ignore[method-assign,assignment]
    assert shared_capture(changed, SIZE).macs.total() < before.macs.total()
