"""What a proof forgives: rounding that a network amplifies, and a cut that is the last one."""

from __future__ import annotations

import gc

import pytest
import torch
from torch import Tensor, nn

from reidbench.engine.channels import CaptureError, PruningPlan, capture, guard
from reidbench.engine.channels.proof import Trial

SIZE = (3, 16, 8)


class Chaotic(nn.Module):
    """Two layers, then a logistic map that doubles every error in each of its rounds."""

    def __init__(self, rounds: int, shift: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3)
        self.second = nn.Conv2d(16, 8, 1)
        self.rounds = rounds
        self.shift = shift

    def forward(self, images: Tensor) -> Tensor:
        """Return maps; with ``shift``, how many channels there are changes them a little."""
        maps = self.first(images).relu()
        found = (self.second(maps) + self.shift * maps.shape[1]).sigmoid()
        for _ in range(self.rounds):
            found = 4 * found * (1 - found)
        return found


def test_rounding_that_a_network_amplifies_is_no_other_function() -> None:
    torch.manual_seed(0)
    network = Chaotic(rounds=29)
    graph = capture(network, SIZE)
    trial = Trial.of(network, graph)
    plan = _without_the_first(graph.widths)
    apart, scale = trial.apart(_removed(trial, plan), plan)
    assert apart > 1e-8 * scale, "nothing is amplified here, and nothing tested"
    guard(network, graph)


def test_a_small_other_function_is_refused_all_the_same() -> None:
    torch.manual_seed(0)
    network = Chaotic(rounds=0, shift=1e-7)
    with pytest.raises(CaptureError, match="computes something else"):
        guard(network, capture(network, SIZE))


class Pieces(nn.Module):
    """Four pieces of one width, like a block of Res2Net."""

    def __init__(self, width: int, pieces: int) -> None:
        super().__init__()
        self.width = width
        self.pieces = pieces
        self.first = nn.Conv2d(3, width * pieces, 1)
        self.layers = nn.ModuleList([nn.Conv2d(width, width, 1) for _ in range(pieces)])
        self.last = nn.Conv2d(width * pieces, 5, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return maps (n, 5, height, width)."""
        pieces = self.first(images).split(self.width, 1)
        return self.last(torch.cat([f(one) for f, one in zip(self.layers, pieces, strict=True)], 1))


def test_the_last_cut_may_leave_two_numbers_alike() -> None:
    torch.manual_seed(0)
    network = Pieces(width=6, pieces=4)
    graph = capture(network, SIZE)
    assert "first" in graph.widths
    kept = {n: tuple(range(4 if n == "first" else size)) for n, size in graph.widths.items()}
    plan = PruningPlan(kept, graph.widths)
    trial = Trial.of(network, graph)
    assert "no channels in group 'first'" in str(trial.outcome(plan).problem)
    assert trial.outcome(plan, again=False).problem is None


def test_a_guard_leaves_no_copy_of_the_network_behind() -> None:
    network = Pieces(width=6, pieces=4).double()
    graph = capture(network, SIZE)
    before = [own.clone() for own in network.parameters()]
    gc.collect()
    gc.disable()
    try:
        known = _precise_parameters()  # other tests have left some
        guard(network, graph)
        left = _precise_parameters()
    finally:
        gc.enable()
    assert {id(it) for it in left} <= {id(it) for it in known}
    assert all(map(torch.equal, network.parameters(), before))


def _precise_parameters() -> list[nn.Parameter]:
    """Return all float64 parameters of this process that hold a number."""
    every = [it for it in gc.get_objects() if type(it) is nn.Parameter]
    return [it for it in every if it.numel() and it.dtype == torch.float64]


def _without_the_first(widths: dict[str, int]) -> PruningPlan:
    return PruningPlan({name: tuple(range(1, size)) for name, size in widths.items()}, widths)


def _removed(trial: Trial, plan: PruningPlan) -> list[Tensor]:
    import copy

    from reidbench.engine.channels import remove
    from reidbench.engine.channels.proof import outputs_of

    smaller = copy.deepcopy(trial.network)
    remove(smaller, trial.graph, plan)
    return outputs_of(smaller, trial.images)
