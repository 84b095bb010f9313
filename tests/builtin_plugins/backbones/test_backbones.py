"""The built-in backbones: sizes, costs, embeddings and names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from reidbench_plugins.backbones.mobilenetv2 import mobilenetv2
from reidbench_plugins.backbones.osnet import osnet_x0_5, osnet_x0_25, osnet_x1_0
from reidbench_plugins.backbones.resnet import (
    resnet10,
    resnet10_x0_5,
    resnet18,
    resnet18_x0_5,
    resnet34,
    resnet50,
    resnet101,
)
from reidbench_plugins.backbones.resnet_ibn import resnet50_ibn_a

RESNETS = {"18": resnet18, "34": resnet34, "50": resnet50, "101": resnet101}
PARAMETERS = {"18": 11_176_512, "34": 21_284_672, "50": 23_508_032, "101": 42_500_160}
HALVES = {"10": (resnet10, resnet10_x0_5), "18": (resnet18, resnet18_x0_5)}
"""Networks and their halves, by depth."""
WIDTHS = {"18": 512, "34": 512, "50": 2048, "101": 2048}
# Multiply-accumulates at 3x256x128.
MACS = {
    ("18", 2): 1_184_366_592,
    ("18", 1): 1_989_672_960,
    ("34", 2): 2_392_326_144,
    ("34", 1): 3_650_617_344,
    ("50", 2): 2_669_150_208,
    ("50", 1): 4_053_270_528,
}

# Parameters and multiply-accumulates at 3x256x128; the paper says 2.2, 0.6 and 0.2 M parameters,
# and 978.9, 272.9 and 82.3 M multiply-adds.
OSNETS = {
    osnet_x1_0: (2_169_508, 978_875_392),
    osnet_x0_5: (630_034, 272_899_328),
    osnet_x0_25: (201_864, 82_314_880),
}


def label(build: object) -> str:
    """Return a function's name, or of a ``partial`` the first argument's name or value."""
    first = build.args[0] if isinstance(build, partial) else build
    return getattr(first, "__name__", f"width-{first}")


named = {"ids": label}


def meta(depth: str, **options: int) -> nn.Module:
    with torch.device("meta"):
        return RESNETS[depth](**options).eval()


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("depth", RESNETS)
@pytest.mark.parametrize("stride", [1, 2])
def test_a_resnet_has_the_published_number_of_parameters(depth: str, stride: int) -> None:
    assert parameters(meta(depth, last_stride=stride)) == PARAMETERS[depth]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("depth", HALVES)
def test_half_a_resnet_has_half_of_every_channel_and_the_same_maps(depth: str, stride: int) -> None:
    with torch.device("meta"):
        whole, half = (build(last_stride=stride).eval() for build in HALVES[depth])
    wide, slim = whole.state_dict(), half.state_dict()
    assert list(wide) == list(slim)
    for name, tensor in wide.items():
        channels = [
            size if axis == 1 and size == 3 else size // 2
            for axis, size in enumerate(tensor.shape[:2])
        ]
        assert slim[name].shape == (*channels, *tensor.shape[2:]), name
    convs = [[m for m in it.modules() if isinstance(m, nn.Conv2d)] for it in (whole, half)]
    assert [c.stride for c in convs[0]] == [c.stride for c in convs[1]]
    assert half(torch.zeros(2, 3, 64, 32, device="meta")).shape == (2, 256)


def test_half_a_resnet10_has_about_half_the_macs_of_half_a_resnet18() -> None:
    with torch.device("meta"):
        small, large = (macs(HALVES[depth][1]()) for depth in ("10", "18"))
    assert (small, large) == (164_364_288, 315_359_232)


@pytest.mark.parametrize("depth", HALVES)
def test_half_a_resnet_begins_as_torchvision_begins(depth: str) -> None:
    torch.manual_seed(0)
    for name, module in HALVES[depth][1]().named_modules():
        if isinstance(module, nn.Conv2d):
            expected = (2 / (module.out_channels * module.kernel_size[0] ** 2)) ** 0.5
            assert module.weight.std().item() == pytest.approx(expected, rel=0.1), name


def test_mobilenetv2_has_torchvision_s_parameters_without_its_classifier() -> None:
    with torch.device("meta"):
        assert parameters(mobilenetv2()) == 3_504_872 - 1281 * 1000


@pytest.mark.parametrize(("depth", "stride"), MACS)
def test_a_resnet_costs_the_known_macs(depth: str, stride: int) -> None:
    with FlopCounterMode(display=False) as counter:
        meta(depth, last_stride=stride)(torch.zeros(1, 3, 256, 128, device="meta"))
    assert counter.get_total_flops() == 2 * MACS[depth, stride]


def macs(network: nn.Module) -> int:
    with FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 3, 256, 128, device="meta"))
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("build", OSNETS, **named)
def test_an_osnet_has_its_known_size_and_cost(build: Callable[[], nn.Module]) -> None:
    with torch.device("meta"):
        network = build()
    assert (parameters(network), macs(network)) == OSNETS[build]


@pytest.mark.parametrize("stride", [1, 2])
def test_ibn_costs_neither_parameters_nor_macs(stride: int) -> None:
    with torch.device("meta"):
        network = resnet50_ibn_a(last_stride=stride)
    assert (parameters(network), macs(network)) == (PARAMETERS["50"], MACS["50", stride])


@pytest.mark.parametrize("build", OSNETS, **named)
def test_an_osnet_embeds_512_numbers_an_image_in_training_too(
    build: Callable[[], nn.Module],
) -> None:
    assert build().train()(torch.randn(2, 3, 64, 32)).shape == (2, 512)


@pytest.mark.parametrize("depth", RESNETS)
@pytest.mark.parametrize("stride", [1, 2])
def test_a_resnet_s_embedding_keeps_its_width_at_either_stride(depth: str, stride: int) -> None:
    images = torch.zeros(2, 3, 64, 32, device="meta")
    assert meta(depth, last_stride=stride)(images).shape == (2, WIDTHS[depth])


@pytest.mark.parametrize("depth", RESNETS)
def test_stride_one_doubles_the_last_feature_map(depth: str) -> None:
    sizes: list[tuple[int, int]] = []
    for stride in (2, 1):
        network = meta(depth, last_stride=stride)
        network.layer4.register_forward_hook(lambda _m, _i, out: sizes.append(out.shape[2:]))
        network(torch.zeros(1, 3, 64, 32, device="meta"))
    assert sizes == [(2, 1), (4, 2)]


def test_stride_two_is_torchvision_s_own_network() -> None:
    torch.manual_seed(0)
    ours, theirs = resnet18().eval(), models.resnet18(weights=None).eval()
    ours.load_state_dict(theirs.state_dict(), strict=False)
    theirs.fc = nn.Identity()
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        assert torch.equal(ours(images), theirs(images))


@pytest.mark.parametrize("depth", RESNETS)
@pytest.mark.parametrize("stride", [1, 2])
def test_a_resnet_s_keys_are_torchvision_s_without_the_classifier(depth: str, stride: int) -> None:
    with torch.device("meta"):
        theirs = getattr(models, f"resnet{depth}")(weights=None).state_dict()
    expected = [key for key in theirs if not key.startswith("fc.")]
    assert list(meta(depth, last_stride=stride).state_dict()) == expected


def test_mobilenetv2_s_keys_are_torchvision_s_features() -> None:
    with torch.device("meta"):
        theirs = models.mobilenet_v2(weights=None).state_dict()
        ours = list(mobilenetv2().state_dict())
    assert ours == [key for key in theirs if key.startswith("features.")]


def test_mobilenetv2_embeds_1280_numbers_an_image_in_training_too() -> None:
    assert mobilenetv2()(torch.randn(2, 3, 64, 32)).shape == (2, 1280)


@pytest.mark.parametrize("build", [resnet18, mobilenetv2, osnet_x0_25, resnet50_ibn_a], **named)
def test_initial_weights_come_from_the_seed(build) -> None:  # type: ignore[no-untyped-def]
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return nn.utils.parameters_to_vector(build().parameters())

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("stride", [0, 3, -1])
def test_any_other_stride_is_refused(stride: int) -> None:
    with pytest.raises(ValueError, match="choose 1 or 2"):
        resnet18(last_stride=stride)
    with pytest.raises(ValueError, match="choose 1 or 2"):
        resnet50_ibn_a(last_stride=stride)
