"""Weights of any layout, read safely, all or none; what is left out is said."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from reidbench.engine.weights import load_backbone
from reidbench.errors import WeightsError


def load_weights(network: nn.Module, file: Path) -> torch.Tensor | None:
    return load_backbone(network, file, name="net")


class Wrapped(nn.Module):
    """A network whose own keys begin as a wrapper's do."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(2, 2)


def linear(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(collections.OrderedDict(first=nn.Linear(3, 4), last=nn.Linear(4, 2)))


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.", "module._orig_mod."])
@pytest.mark.parametrize("inside", [None, "state_dict", "model"])
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_prefixes_and_checkpoints_are_unwrapped(tmp_path, prefix, inside, ending) -> None:
    source, target = linear(1), linear(2)
    state = {prefix + name: value for name, value in source.state_dict().items()}
    if ending == ".safetensors":
        save_file(state, tmp_path / "w.safetensors")
    else:
        torch.save({inside: state, "epoch": 3} if inside else state, tmp_path / "w.pth")
    load_weights(target, tmp_path / f"w{ending}")
    assert torch.equal(target.first.weight, source.first.weight)


def test_a_prefix_that_is_the_networks_own_stays(tmp_path: Path) -> None:
    source, target = Wrapped(), Wrapped()
    torch.save(source.state_dict(), tmp_path / "w.pth")
    load_weights(target, tmp_path / "w.pth")
    assert torch.equal(target.model.weight, source.model.weight)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda state: {n: v for n, v in state.items() if n != "last.bias"},
            r"1 missing \(last.bias\)",
        ),
        (lambda state: {**state, "extra": torch.zeros(1)}, r"1 not its own \(extra\)"),
        (lambda state: {**state, "last.bias": torch.zeros(9)}, "last.bias 9 for 2"),
        (lambda state: {**state, "last.bias": "text"}, "last.bias are no tensors"),
        (lambda state: {}, "4 missing"),
        (lambda state: {"epoch": 3}, "holds no state dict; .* epoch are no tensors"),
        (lambda state: linear(), "holds more than tensors"),
    ],
)
def test_other_files_are_refused_and_the_network_stays(tmp_path, change, said) -> None:
    target = linear(2)
    before = {name: value.clone() for name, value in target.state_dict().items()}
    torch.save(change(linear(1).state_dict()), tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=said):
        load_weights(target, tmp_path / "w.pth")
    assert all(torch.equal(value, before[name]) for name, value in target.state_dict().items())


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_damaged_and_missing_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="is no file; give the path"):
        load_weights(linear(), tmp_path / name)
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(WeightsError):
        load_weights(linear(), tmp_path / name)
