"""Attention loses whole heads, exactly, or says in a sentence why it keeps them."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch
from torch import nn

from reidbench.engine.channels import (
    CaptureError,
    ChannelGroup,
    PruningPlan,
    capture,
    guard,
    highest_reduction,
    proven,
    remove,
)
from tests.engine.channels.attention_blocks import HEAD, KEPT, PRUNABLE, Attention, Literal, OfTorch
from tests.engine.channels.exactness import assert_exact, captured, counted_by_torch
from tests.engine.channels.networks import Embedder

SIZE = (3, 8, 8)


def around(block: nn.Module, size: int = 12) -> nn.Module:
    return Embedder(nn.Sequential(nn.Conv2d(3, size, 1), block, nn.Conv2d(size, 5, 1)))


def of_attention(network: nn.Module, keep: Sequence[str] = ()) -> ChannelGroup:
    graph = capture(network, SIZE, keep=keep)
    guard(network, graph)
    assert_exact(network, graph, range(2))
    return next(g for g in graph.groups if g.name.startswith("features.1") and g.producers)


@pytest.mark.parametrize("kind", PRUNABLE)
def test_whole_heads_go(kind):
    heads = of_attention(around(kind(12, 3)))
    assert heads.prunable
    assert heads.size == 3


@pytest.mark.parametrize("kind", KEPT)
def test_heads_that_cannot_go_say_which_operation_keeps_them(kind):
    heads = of_attention(around(kind(12, 2)), keep=["features.0"])
    assert not heads.prunable
    assert any(words.startswith("'aten.") for words in heads.kept_by)


def test_a_head_is_its_rows_of_queries_keys_and_values_and_its_columns_of_what_follows():
    network = around(Attention(12, 3))
    graph = capture(network, SIZE)
    dense = graph.macs.total()
    kept = {name: tuple(range(size)) for name, size in graph.widths.items()}
    plan = PruningPlan({**kept, "features.1.qkv": (0, 2)}, graph.widths)
    block = network.features[1]
    rows = block.qkv.weight.detach().view(3, 3, HEAD, 12)
    remove(network, graph, plan)
    assert (block.num_heads, block.head_dim, block.attn_dim) == (2, HEAD, 2 * HEAD)
    assert torch.equal(block.qkv.weight.view(3, 2, HEAD, 12), rows[:, [0, 2]])
    assert block.proj.weight.shape == (12, 2 * HEAD)
    tokens, products = 64 * HEAD * (3 * 12 + 12), 2 * 64 * 64 * HEAD
    assert dense - graph.macs.total(plan.widths) == tokens + products
    assert counted_by_torch(network, SIZE) == graph.macs.total(plan.widths)


def test_a_multiple_counts_the_channels_of_heads():
    network = around(Attention(12, 4))
    graph = capture(network, SIZE, keep=["features.0"])
    assert graph.group("features.1.qkv").unit == HEAD
    steps = {round_to: highest_reduction(graph, "all", 1, round_to) for round_to in (1, 4, 8, 16)}
    assert steps[1] == steps[4] > steps[8] > steps[16] == 0


def test_an_attribute_that_merely_equals_the_number_of_heads_is_refused_in_a_sentence():
    network = around(Literal(12, 2))
    with pytest.raises(CaptureError, match=r"group 'features.1.qkv' .*'num_heads'") as caught:
        captured(network, SIZE)
    assert "\n" not in str(caught.value)
    graph = proven(network, SIZE)
    assert not graph.group("features.1.qkv").prunable
    assert_exact(network, graph, range(1))


@pytest.mark.parametrize("heads", [2, 3])
def test_torchs_own_attention_loses_heads_and_nothing_but_its_number_of_them(heads):
    network = around(OfTorch(12, heads))
    group = of_attention(network)
    assert (group.name, group.size, group.unit) == ("features.1.attention", heads, 12 // heads)
    block, graph = network.features[1], capture(network, SIZE)
    assert type(block.attention) is nn.MultiheadAttention
    names = list(block.state_dict())
    kept = {name: tuple(range(size)) for name, size in graph.widths.items()}
    plan = PruningPlan({**kept, group.name: (0,)}, graph.widths)
    remove(network, graph, plan)
    assert list(block.state_dict()) == names
    assert isinstance(block.attention, nn.MultiheadAttention)
    assert (block.attention.num_heads, block.attention.embed_dim) == (1, 12)
    assert copy.deepcopy(network)(torch.rand(2, *SIZE)).isfinite().all()


def test_weights_of_torchs_attention_that_are_read_keep_its_heads():
    heads = of_attention(around(OfTorch(16, 4), 16))
    assert not heads.prunable


def test_an_encoder_of_torch_is_right_without_gradients_too():
    """Its fused kernel would count heads by the width."""
    layer = nn.TransformerEncoderLayer(12, 3, 20, batch_first=True)

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, maps):
            tokens = self.layer(maps.flatten(2).transpose(1, 2))
            return tokens.transpose(1, 2).unflatten(2, maps.shape[2:])

    network = around(Encoder())
    graph = captured(network, SIZE)
    assert graph.widths == {"features.1.layer.self_attn": 3, "features.1.layer.linear1": 20}
    remove(network, graph, PruningPlan(dict.fromkeys(graph.widths, (0, 2)), graph.widths))
    network.eval()
    images = torch.rand(2, *SIZE)
    with torch.no_grad():
        fast = network(images)
    assert torch.allclose(fast, network(images).detach(), atol=1e-6)
