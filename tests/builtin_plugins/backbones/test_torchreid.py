"""OSNet and ResNet-50-IBN-a are torchreid's, key for key and number for number."""

from __future__ import annotations

import importlib.util
from functools import cache
from types import ModuleType

import pytest
import torch
from torch import nn

from reidbench_plugins.backbones import osnet, resnet_ibn
from tests.engine.channels.networks import lively
from tests.support.torchreid import file_of_torchreid

OURS = {
    "osnet_x1_0": osnet.osnet_x1_0,
    "osnet_x0_5": osnet.osnet_x0_5,
    "osnet_x0_25": osnet.osnet_x0_25,
    "resnet50_ibn_a": resnet_ibn.resnet50_ibn_a,
}
CLASSES = 10


@cache
def torchreid(file: str) -> ModuleType:
    """One file of torchreid's models: the package itself wants far more than torch."""
    path = file_of_torchreid(f"reid/models/{file}.py")
    spec = importlib.util.spec_from_file_location(f"torchreid_{file}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def theirs(name: str) -> nn.Module:
    if name == "resnet50_ibn_a":
        network: nn.Module = torchreid("resnet_ibn_a").resnet50_ibn_a(CLASSES)
    else:
        network = getattr(torchreid("osnet"), name)(CLASSES, pretrained=False)
    return network


def features(network: nn.Module) -> dict[str, torch.Tensor]:
    state = network.state_dict()
    return {key: state[key] for key in state if not key.startswith("classifier.")}


@pytest.mark.parametrize("name", OURS)
def test_keys_and_shapes_are_torchreid_s_without_the_classifier(name: str) -> None:
    with torch.device("meta"):
        expected, found = features(theirs(name)), OURS[name]().state_dict()
    assert list(found) == list(expected)
    assert [v.shape for v in found.values()] == [v.shape for v in expected.values()]


@pytest.mark.parametrize("name", OURS)
def test_embeddings_are_torchreid_s(name: str) -> None:
    torch.manual_seed(0)
    # In float64: an instance norm of a nearly flat map makes much of float32's last digits.
    peer, own = lively(theirs(name)).double(), OURS[name]().double().eval()
    own.load_state_dict(features(peer))
    images = torch.randn(2, 3, 128, 64, dtype=torch.float64)
    with torch.no_grad():
        expected, found = peer(images), own(images)
    assert (expected[0] - expected[1]).abs().max() > 0.01, "the embedding must depend on the image"
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", OURS)
def test_initial_weights_are_drawn_as_torchreid_draws_them(name: str) -> None:
    torch.manual_seed(0)
    expected, found = features(theirs(name)), OURS[name]().state_dict()
    for key, value in found.items():
        if value.numel() >= 4096:
            assert value.std() == pytest.approx(float(expected[key].std()), rel=0.1), key
        elif value.numel() and "weight" not in key:
            assert torch.equal(value, expected[key]), key


@pytest.mark.parametrize("stride", [1, 2])
def test_a_published_ibn_file_fits_at_either_stride(stride: int) -> None:
    own = resnet_ibn.resnet50_ibn_a(last_stride=stride)
    own.load_state_dict(features(theirs("resnet50_ibn_a")))
    sizes: list[torch.Size] = []
    own.layer4.register_forward_hook(lambda _m, _i, out: sizes.append(out.shape[2:]))
    assert own(torch.randn(2, 3, 64, 32)).shape == (2, 2048)
    assert sizes == [(4, 2) if stride == 1 else (2, 1)]
