"""Networks that were once counted wrongly or broken are right now, or refused in one sentence."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations, prune

from reidbench.engine.channels import (
    CaptureError,
    PruningPlan,
    capture,
    guard,
    proof,
    proven,
    remove,
)
from tests.engine.channels.exactness import assert_exact, captured, counted_by_torch
from tests.engine.channels.networks import Embedder, conv
from tests.engine.channels.right_or_refused import (
    Added,
    BareAttention,
    Between,
    Blur,
    ComputedScale,
    Dotted,
    FrozenNorm,
    Gram,
    Halves,
    LikeItsInput,
    Literal,
    Own,
    PlainFilter,
    Project,
    Rows,
    SpatialSoftmax,
    Stripes,
    TwoDepthwise,
    UsedTwice,
    shared_weight,
)

SIZE = (3, 16, 16)
WRONG_NUMBERS = {
    "split at a literal beside an equal attribute": (Halves, r"'aten.split.*'mid'.*'heads'"),
    "attribute used twice": (UsedTwice, r"'aten.split.*'mid'.*'half'"),
    "view by an old number": (lambda: SpatialSoftmax(16), r"'aten.view.*'mid'.*number 16"),
    "view by a literal": (Literal, r"'aten.view.*'mid'.*number 16"),
    "reshape by another map's shape": (LikeItsInput, r"in module 'mid'.*invalid"),
    "mean by a literal": (lambda: Own(lambda _, x: x.sum(1, keepdim=True) / 16 * x), None),
}


@pytest.mark.parametrize("name", list(WRONG_NUMBERS)[:5])
def test_a_number_that_does_not_follow_the_channels_is_refused(name):
    make, words = WRONG_NUMBERS[name]
    network = Between(make())
    graph = capture(network, SIZE)
    with pytest.raises(CaptureError, match=r"channels of group 'a'.*cannot be removed") as caught:
        guard(network, graph)
    assert "\n" not in str(caught.value)
    assert caught.match(words)
    assert caught.match(r"compute that number from the tensor's shape, or keep")


@pytest.mark.parametrize("name", list(WRONG_NUMBERS)[:5])
def test_what_the_guard_refuses_can_be_kept_with_its_reason(name):
    network = Embedder(
        nn.Sequential(Between(WRONG_NUMBERS[name][0]()).mid, conv(16, 8), conv(8, 5))
    )
    network = nn.Sequential(nn.Conv2d(3, 16, 3), network)
    graph = proven(network, SIZE)
    assert list(graph.widths) == ["1.features.1.0"]
    assert any("cannot be removed" in words for words in graph.group("0").kept_by)
    assert_exact(network, graph)


def test_all_groups_that_the_guard_refuses_are_found_in_one_round(monkeypatch):
    """Networks of many alike blocks (torchreid's mlfn) would take a round of captures for each."""
    blocks = [nn.Sequential(conv(8, 16), Literal(), conv(16, 8)) for _ in range(6)]
    network = Embedder(nn.Sequential(nn.Conv2d(3, 8, 3), *blocks, conv(8, 5)))
    rounds = []
    captured_for_real = proof.capture

    def counted(module, size, **kept):
        rounds.extend(["a round"] if "keep" in kept else [])
        return captured_for_real(module, size, **kept)

    monkeypatch.setattr(proof, "capture", counted)
    graph = proven(network, SIZE)
    assert len(rounds) == 2
    for number in range(1, 7):
        (asked, why) = graph.group(f"features.{number}.0.0").kept_by
        assert asked == f"kept as asked (features.{number}.0.0)"
        assert "cannot be removed" in why
    assert len(graph.widths) == 7
    assert_exact(network, graph)


def test_a_single_channel_is_padded_with_zeros_as_many_are():
    for size in (1, 4):
        padded = Own(
            lambda s, x: s.conv(x) + F.pad(x, (0, 0, 0, 0, 1, 7)), conv=conv(size, size + 8)
        )
        network = Embedder(nn.Sequential(nn.Conv2d(3, size, 3), padded, conv(size + 8, 5)))
        graph = captured(network, SIZE)
        assert graph.widths["features.0"] == size
        assert_exact(network, graph)


def test_a_group_of_two_channels_may_end_as_one_that_a_repetition_keeps():
    doubled = Own(lambda s, x: torch.cat([x, x], 1) + s.conv(torch.cat([x, x], 1)), conv=conv(4, 4))
    network = Embedder(nn.Sequential(nn.Conv2d(3, 2, 3), doubled, conv(4, 5)))
    graph = captured(network, SIZE)
    assert graph.widths == {"features.0": 2}
    assert_exact(network, graph)


def test_what_divides_by_a_number_of_channels_keeps_them():
    network = Between(WRONG_NUMBERS["mean by a literal"][0]())
    assert captured(network, SIZE).widths == {}


RIGHT = {
    "depthwise over two groups": TwoDepthwise,
    "groups from an attribute": lambda: Between(Blur(16)),
    "one weight, two biases": lambda: Between(shared_weight()),
    "bare attention": lambda: Between(BareAttention()),
    "plain filter": lambda: Between(PlainFilter(16, 16, 3, 3)),
    "plain depthwise filter": lambda: Between(PlainFilter(16, 1, 3, 3, groups=16)),
    "computed scale": lambda: Between(ComputedScale(from_input=False)),
    "frozen norm": lambda: Between(FrozenNorm(16)),
    "stripes in the batch": Stripes,
    "einsum": lambda: Between(Gram()),
    "einsum with a parameter": lambda: Between(Project()),
    "transposed convolution": lambda: Between(nn.ConvTranspose2d(16, 8, 2, 2), 8),
    "gru": lambda: Between(Rows(nn.GRU)),
    "plain recurrent cells": lambda: Between(Rows(nn.RNN)),
    "addmm": lambda: Between(Added()),
    "divided by itself": lambda: Between(
        Own(lambda _, x: x / x.square().mean((2, 3), keepdim=True))
    ),
    "divided by a parameter": lambda: Between(
        Own(lambda s, x: x / s.g[:, None, None], g=nn.Parameter(torch.rand(16) + 1))
    ),
    "expanded gate": lambda: Between(
        Own(lambda s, x: x * s.gate(x).sigmoid().expand_as(x), gate=nn.Conv2d(16, 1, 1))
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_was_wrong_is_cut_exactly(name):
    network = RIGHT[name]()
    assert_exact(network, captured(network, SIZE))


@pytest.mark.parametrize(
    ("name", "size"),
    [("groups from an attribute", 16), ("one weight, two biases", 16), ("frozen norm", 16),
     ("computed scale", 16), ("expanded gate", 16), ("divided by itself", 16),
     ("divided by a parameter", 16)],
)  # fmt: skip
def test_its_channels_are_prunable(name, size):
    assert capture(RIGHT[name](), SIZE).widths["a"] == size


def test_lstm_cells_are_counted_though_torchs_counter_does_not_see_them_on_a_cpu():
    network = Between(Rows(nn.LSTM))
    with torch.device("meta"):
        cells = 4 * 16 * (16 + 16) * 16  # gates, inputs and states, rows
    rest = Between(Rows(nn.RNN))
    simple = 16 * (16 + 16) * 16
    assert capture(network, SIZE).macs.total() - capture(rest, SIZE).macs.total() == cells - simple


@pytest.mark.parametrize(
    "make",
    [
        lambda layer: nn.utils.weight_norm(layer),
        lambda layer: nn.utils.spectral_norm(layer),
        lambda layer: prune.l1_unstructured(layer, "weight", 0.5),
        lambda layer: parametrizations.weight_norm(layer),
        lambda layer: parametrizations.spectral_norm(layer),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_weight_that_hooks_compute_is_refused_with_what_to_do(make):
    network = Between(make(nn.Conv2d(16, 16, 1)))
    network(torch.randn(2, *SIZE))
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(CaptureError, match=r"weight of 'mid' is computed.*remove_weight_norm"):
        capture(network, SIZE)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_scale_computed_from_the_images_is_refused():
    with pytest.raises(CaptureError, match="scale of the norm in module 'mid' is computed"):
        capture(Between(ComputedScale(from_input=True)), SIZE)


def test_a_product_that_torch_does_not_count_is_refused_by_name():
    with pytest.raises(CaptureError, match=r"'aten.matmul.*'mid' multiplies and accumulates"):
        capture(Between(Dotted()), SIZE)


def test_images_that_depend_on_each_other_are_refused():
    def mixed(_, maps):
        pooled = maps.mean((2, 3))
        return maps * (pooled @ pooled.t()).mean()

    with pytest.raises(CaptureError, match=r"aten.mm.*no image may depend on another"):
        capture(Between(Own(mixed)), SIZE)


def test_removal_is_all_or_nothing():
    class Stubborn(nn.Conv2d):
        def __setattr__(self, name, value):
            if name == "out_channels" and hasattr(self, "padding_mode") and value != 16:
                raise RuntimeError("no")
            super().__setattr__(name, value)

    network = Between(Stubborn(16, 16, 1))
    graph = capture(network, SIZE)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    held = list(network.parameters()) + list(network.buffers())
    numbers = [(part.__dict__.get("out_channels"), part.__dict__.get("num_features"))
               for part in network.modules()]  # fmt: skip
    plan = PruningPlan({name: tuple(range(12)) for name in graph.widths}, graph.widths)
    with pytest.raises(RuntimeError, match="no"):
        remove(network, graph, plan)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    after = list(network.parameters()) + list(network.buffers())
    assert all(one is other for one, other in zip(held, after, strict=True))
    assert numbers == [(part.__dict__.get("out_channels"), part.__dict__.get("num_features"))
                       for part in network.modules()]  # fmt: skip


MISUSE = {
    "values steer it": (
        lambda: Own(lambda _, x: x * 2 if x.mean() > 0 else x), "must not branch on their values"),
    "lazy layer": (lambda: nn.LazyConv2d(16, 1), "run the network once"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISUSE)
def test_misuse_is_one_clear_exception(name):
    make, words = MISUSE[name]
    network = Between(make()).train()
    with pytest.raises(CaptureError, match=words) as caught:
        capture(network, SIZE)
    assert "\n" not in str(caught.value)
    assert all(part.training for part in network.modules())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_precision_is_captured_and_proven(dtype):
    network = Between(conv(16, 16)).to(dtype).train()
    graph = captured(network, SIZE)
    assert graph.widths == {"a": 16, "mid.0": 16}
    assert network.training
    assert network.a.weight.dtype is dtype


def test_a_network_on_another_device_is_captured_and_proven():
    network = Between(conv(16, 16)).to("meta")
    assert captured(network, SIZE).widths == {"a": 16, "mid.0": 16}
    assert network.a.weight.is_meta


def test_layers_that_never_run_are_left_alone():
    network = Between(conv(16, 16))
    network.unused = nn.Conv2d(16, 3, 1)
    graph = captured(network, SIZE)
    remove(network, graph, PruningPlan(dict.fromkeys(graph.widths, (0, 1)), graph.widths))
    assert network.unused.weight.shape == (3, 16, 1, 1)


def test_the_fast_path_of_attention_hides_nothing():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    tokens = Own(
        lambda s, x: s.layer(x.flatten(2).transpose(1, 2)).transpose(1, 2).unflatten(2, (16, 16)),
        layer=layer,
    )
    network = Between(tokens).eval()
    graph = captured(network, SIZE)
    assert graph.macs.total() == counted_by_torch(network, SIZE)
    assert graph.widths == {"mid.layer.self_attn": 2, "mid.layer.linear1": 32}


def test_normalised_directions_are_proven():
    network = Between(Own(lambda _, x: F.normalize(x, dim=2)))
    assert_exact(network, captured(network, SIZE))


class AuxiliaryHead(nn.Module):
    """A second head that runs, and exists for the graph, in training alone (GoogLeNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.bn, self.b = nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.Conv2d(16, 12, 3)
        self.aux, self.norm = nn.Conv2d(16, 10, 1), nn.BatchNorm2d(10)
        self.classify, self.last = nn.Linear(10, 7), nn.Conv2d(12, 5, 1)

    def forward(self, images):
        early = self.bn(self.a(images)).relu()
        pooled = self.last(self.b(early).relu()).mean((2, 3))
        if not self.training:
            return pooled
        return pooled, self.classify(self.norm(self.aux(early)).mean((2, 3)))


def test_a_head_of_training_alone_is_cut_along_and_trains():
    network = AuxiliaryHead()
    graph = captured(network, SIZE)
    assert graph.widths == {"a": 16, "b": 12}
    assert_exact(network, graph)
    remove(network, graph, PruningPlan({"a": (1, 2, 7), "b": (0, 3)}, graph.widths))
    assert network.aux.weight.shape == (10, 3, 1, 1)
    outputs = network.train()(torch.randn(4, *SIZE))
    sum(output.square().sum() for output in outputs).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
