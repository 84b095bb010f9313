"""Batch norm scales: taken as they are, and never made up."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reidbench.api import CannotScore
from reidbench_plugins.methods.weights.bn_scale import BnScale
from tests.builtin_plugins.methods.fakes import FakeGroup, conv, scored


def test_a_channel_scores_its_absolute_scale_whatever_its_filter() -> None:
    norm = nn.BatchNorm2d(7)
    nn.init.normal_(norm.weight)
    expected = [abs(gamma) for gamma in norm.weight.tolist()]
    for weight in (conv("3x3"), torch.zeros(7, 2)):
        group = FakeGroup(weight, norm_scale=norm.weight.detach())
        assert scored(BnScale(), group).tolist() == expected


def test_a_group_without_a_norm_cannot_be_scored() -> None:
    with pytest.raises(CannotScore, match="no norm with a scale follows; prune layers"):
        scored(BnScale(), FakeGroup(conv("1x1")))


def test_layers_are_compared_as_they_are() -> None:
    assert BnScale.normalisation == "none"
