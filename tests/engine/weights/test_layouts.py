"""Checkpoints as other programs write them: five layouts, in whole files."""

from __future__ import annotations

import argparse
import logging
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from reidbench.engine.weights import load_backbone
from reidbench.errors import WeightsError

State = dict[str, Tensor]


def headless() -> nn.Module:
    network = models.resnet18(weights=None)
    network.fc = nn.Identity()
    return network


@pytest.fixture(scope="module")
def backbone() -> State:
    torch.manual_seed(3)
    return dict(headless().state_dict())


def prefixed(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def torchreid(state: State) -> dict[str, Any]:
    """As ``torchreid.utils.save_checkpoint`` writes it; ``rank1`` is what its evaluator returns."""
    head = {"classifier.weight": torch.randn(751, 512), "classifier.bias": torch.randn(751)}
    parameter = nn.Parameter(torch.zeros(2))
    return {
        "state_dict": OrderedDict(prefixed("module.", {**state, **head})),
        "epoch": 60,
        "rank1": np.float32(0.94),
        "optimizer": torch.optim.Adam([parameter]).state_dict(),
        "scheduler": {"step_size": 20, "last_epoch": np.int64(60)},
    }


def fast_reid(state: State) -> dict[str, Any]:
    """As the Checkpointer of fast-reid writes it: the whole meta-architecture."""
    heads = {
        "pixel_mean": torch.zeros(1, 3, 1, 1),
        "pixel_std": torch.ones(1, 3, 1, 1),
        "heads.bottleneck.0.weight": torch.ones(512),
        "heads.bottleneck.0.bias": torch.zeros(512),
        "heads.weight": torch.randn(751, 512),
    }
    return {"model": {**prefixed("backbone.", state), **heads}, "iteration": 17_940}


def bag_of_tricks(state: State) -> State:
    """As reid-strong-baseline saves its network."""
    heads = {"bottleneck.weight": torch.ones(512), "classifier.weight": torch.randn(751, 512)}
    return {**prefixed("base.", state), **heads}


def compiled(state: State) -> dict[str, Any]:
    """As a script saves a network under DDP and ``torch.compile``, with its arguments."""
    return {
        "model": prefixed("module._orig_mod.", {**state, "fc.weight": torch.randn(9, 512)}),
        "args": argparse.Namespace(lr=3.5e-4, seed=np.int64(1)),
        "best": np.float64(0.7),
    }


def lightning(state: State) -> dict[str, Any]:
    """As Lightning saves a module that calls its network ``model``."""
    return {"state_dict": prefixed("model.", state), "pytorch-lightning_version": "2.5.0"}


LAYOUTS: dict[str, tuple[Callable[[State], Any], list[str], int | None]] = {
    "torchreid": (torchreid, ["classifier.weight", "classifier.bias"], 751),
    "fast-reid": (fast_reid, ["pixel_mean", "pixel_std", "heads.bottleneck.0.weight"], None),
    "bag of tricks": (bag_of_tricks, ["bottleneck.weight", "classifier.weight"], None),
    "compiled": (compiled, ["fc.weight"], 9),
    "lightning": (lightning, [], None),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_whole_checkpoint_loads_and_says_what_it_leaves_out(
    layout: str, tmp_path: Path, backbone: State, caplog: pytest.LogCaptureFixture
) -> None:
    write, left_out, classes = LAYOUTS[layout]
    torch.save(write(backbone), tmp_path / "w.pth")
    network = headless()
    classifier = load_backbone(network, tmp_path / "w.pth", name="resnet18")
    own = network.state_dict()
    assert all(torch.equal(own[name], backbone[name]) for name in own)
    assert (None if classifier is None else len(classifier)) == classes
    said = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == bool(left_out)
    assert all(name in said[0] for name in left_out)


def test_a_moving_average_beside_the_weights_is_said_to_be_left(
    tmp_path: Path, backbone: State, caplog: pytest.LogCaptureFixture
) -> None:
    averaged = {name: value + 1 for name, value in backbone.items()}
    torch.save({"state_dict": backbone, "state_dict_ema": averaged}, tmp_path / "w.pth")
    network = headless()
    load_backbone(network, tmp_path / "w.pth", name="resnet18")
    assert torch.equal(network.state_dict()["bn1.bias"], backbone["bn1.bias"])
    assert "holds state_dict_ema too, which is not loaded" in caplog.text


def test_a_layer_that_is_no_head_is_never_dropped(tmp_path: Path, backbone: State) -> None:
    file = tmp_path / "w.pth"
    torch.save(
        {"model": prefixed("backbone.", {**backbone, "NL_1.0.g.weight": torch.ones(1)})}, file
    )
    with pytest.raises(WeightsError, match=r"1 not its own \(NL_1\.0\.g\.weight\)"):
        load_backbone(headless(), file, name="resnet18")


def test_a_missing_layer_is_refused_in_every_layout(tmp_path: Path, backbone: State) -> None:
    lacking = {name: value for name, value in backbone.items() if name != "bn1.bias"}
    for write, _, _ in LAYOUTS.values():
        torch.save(write(lacking), tmp_path / "w.pth")
        with pytest.raises(WeightsError, match=r"resnet18: 1 missing \(bn1\.bias\); "):
            load_backbone(headless(), tmp_path / "w.pth", name="resnet18")


@pytest.mark.parametrize("value", [np.float16(1), np.bool_(True), np.uint8(3), np.longdouble(2)])
@pytest.mark.parametrize("new", [True, False])
def test_numpy_scalars_of_either_major_version_are_read(
    value: Any, new: bool, tmp_path: Path, backbone: State
) -> None:
    file = tmp_path / "w.pth"
    torch.save({"state_dict": backbone, "best": value}, file, _use_new_zipfile_serialization=new)
    modules = b"numpy._core.multiarray\nscalar", b"numpy.core.multiarray\nscalar"
    if not new:  # as NumPy 1 wrote it; a zip would need its checksums anew
        assert modules[0] in file.read_bytes()
        file.write_bytes(file.read_bytes().replace(*modules))
    load_backbone(headless(), file, name="resnet18")


def test_numpy_arrays_and_other_objects_are_named_and_not_unpickled(
    tmp_path: Path, backbone: State
) -> None:
    for value, said in ((np.zeros(3), "_reconstruct"), (Path("x"), "Path")):
        torch.save({"state_dict": backbone, "best": value}, tmp_path / "w.pth")
        with pytest.raises(
            WeightsError, match=rf"more than tensors \(\S*{said}\).* could run code"
        ):
            load_backbone(headless(), tmp_path / "w.pth", name="resnet18")
