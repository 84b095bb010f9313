"""A pruned network survives the disk bit for bit, and never loads into another."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
import torch

from reidbench.engine.channels import (
    PlanError,
    PruningPlan,
    SavedNetworkError,
    apply_saved,
    capture,
    remove,
    save_pruned,
)
from tests.engine.channels.networks import (
    BACKBONES,
    HANDMADE,
    SMALL,
    dense,
    embed,
    fresh,
    random_plan,
)


def built(name):
    torch.manual_seed(1)
    return {**HANDMADE, **BACKBONES}[name]().double()


@pytest.mark.parametrize("name", [*HANDMADE, "resnet18-s1", "mobilenet"])
def test_a_saved_network_comes_back_bit_for_bit(name, tmp_path):
    network, graph = fresh(name)
    plan = random_plan(graph, "all", 6)
    remove(network, graph, plan)
    save_pruned(tmp_path / "best", network.state_dict(), plan)
    loaded = apply_saved(tmp_path / "best", built(name), SMALL)
    assert torch.equal(embed(loaded), embed(network))
    assert sorted(path.name for path in (tmp_path / "best").iterdir()) == [
        "network.safetensors",
        "plan.json",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's device that is always full")
def test_a_full_disk_is_told_by_its_number(tmp_path):
    (tmp_path / "network.safetensors").symlink_to("/dev/full")
    network, graph = fresh("depthwise")
    with pytest.raises(OSError) as caught:
        save_pruned(tmp_path, network.state_dict(), PruningPlan.everything(graph))
    assert caught.value.errno == errno.ENOSPC


def test_a_network_pruned_twice_is_saved_under_the_composed_plan(tmp_path):
    network, graph = fresh("depthwise")
    first = random_plan(graph, "all", 1)
    remove(network, graph, first)
    again = capture(network, SMALL)
    second = random_plan(again, "all", 2)
    remove(network, again, second)
    save_pruned(tmp_path, network.state_dict(), first.then(second))
    assert torch.equal(embed(apply_saved(tmp_path, built("depthwise"), SMALL)), embed(network))


def test_one_architecture_does_not_load_into_another(tmp_path):
    network, graph = dense("resnet18-s2")
    save_pruned(tmp_path, network.state_dict(), PruningPlan.everything(graph))
    with pytest.raises(SavedNetworkError) as caught:
        apply_saved(tmp_path, built("resnet50-s2"), SMALL)
    assert "missing: layer1.0.conv3.weight" in str(caught.value)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda state: state.pop("bn1.weight"), "missing: bn1.weight"),
        (lambda state: state.update(extra=torch.zeros(1)), "unexpected: extra"),
        (
            lambda state: state.update({"bn1.weight": torch.zeros(3)}),
            r"mismatched: bn1.weight float32\[3\] for float64\[64\]",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_listed(edit, words, tmp_path):
    network, graph = dense("resnet18-s2")
    state = dict(network.state_dict())
    edit(state)
    save_pruned(tmp_path, state, PruningPlan.everything(graph))
    with pytest.raises(SavedNetworkError, match=words):
        apply_saved(tmp_path, built("resnet18-s2"), SMALL)


def test_a_plan_that_does_not_fit_is_refused(tmp_path):
    network, graph = dense("resnet18-s2")
    plan = PruningPlan.everything(graph)
    wider = {**plan.sizes, "conv1": 65}
    save_pruned(tmp_path, network.state_dict(), PruningPlan(plan.kept, wider))
    with pytest.raises(PlanError, match="'conv1' has 64 channels in the network and 65"):
        apply_saved(tmp_path, built("resnet18-s2"), SMALL)


@pytest.mark.parametrize("version", [0, 2, None])
def test_other_schema_versions_are_refused(version, tmp_path):
    network, graph = dense("gated")
    save_pruned(tmp_path, network.state_dict(), PruningPlan.everything(graph))
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": version}))
    with pytest.raises(SavedNetworkError, match=f"schema version {version}"):
        apply_saved(tmp_path, built("gated"), SMALL)


@pytest.mark.parametrize("name", ["plan.json", "network.safetensors"])
def test_broken_or_missing_files_are_named(name, tmp_path):
    network, graph = dense("gated")
    save_pruned(tmp_path, network.state_dict(), PruningPlan.everything(graph))
    (tmp_path / name).write_bytes(b"{")
    with pytest.raises(SavedNetworkError, match=name):
        apply_saved(tmp_path, built("gated"), SMALL)
    (tmp_path / name).unlink()
    with pytest.raises(SavedNetworkError, match=name):
        apply_saved(tmp_path, built("gated"), SMALL)
