"""Eval mode for a block, and every training flag as before after it."""

from __future__ import annotations

import pytest
from torch import nn

from reidbench.engine.modes import evaluating


@pytest.fixture
def network() -> nn.Sequential:
    """A network in training, one part of it frozen in eval mode."""
    parts = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2)))
    parts.train()
    parts[1][1].eval()
    return parts


def flags(network: nn.Module) -> list[bool]:
    return [module.training for module in network.modules()]


def test_every_module_is_in_eval_mode_inside_and_as_before_afterwards(
    network: nn.Sequential,
) -> None:
    before = flags(network)
    with evaluating(network):
        assert not any(flags(network))
    assert flags(network) == before == [True, True, True, True, False]


def test_the_flags_are_restored_when_the_block_fails(network: nn.Sequential) -> None:
    before = flags(network)
    with pytest.raises(ZeroDivisionError), evaluating(network):
        raise ZeroDivisionError
    assert flags(network) == before
