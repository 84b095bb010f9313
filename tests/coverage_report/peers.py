"""The same ten networks at half their MACs, by this project and by Torch-Pruning."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch_pruning as tp  # type: ignore[import-untyped,unused-ignore]
from torch import nn

import reidbench
from reidbench.errors import named_line
from tests.coverage_report.architectures import Architecture, by_key
from tests.coverage_report.counting import torch_counts
from tests.coverage_report.report import PEERS

CLOSE = 0.05
"""How far from half a network may be: widths are multiples of eight, and steps are coarse."""

NETWORKS = {
    "torchvision/resnet50": "fc",
    "torchvision/mobilenet_v2": "classifier.1",
    "torchvision/densenet121": "classifier",
    "torchvision/shufflenet_v2_x1_0": "fc",
    "torchvision/convnext_tiny": "classifier.2",
    "torchvision/swin_t": "head",
    "torchvision/vit_b_16": "heads.head",
    "torchvision/regnet_y_400mf": "fc",
    "torchvision/googlenet": "fc",
    "torchreid/osnet": "fc.0",
}
"""Each network's last layer, whose outputs must stay."""

Size: TypeAlias = tuple[int, int, int]
Way: TypeAlias = Callable[[nn.Module, Size, str], nn.Module]


def by_reidbench(network: nn.Module, size: Size, last: str) -> nn.Module:
    """Prune as our documentation says; ``last`` need not be named."""
    pruned = reidbench.prune(network, size=size, reduction=0.5, round_to=8)
    return pruned.network


def by_torch_pruning(network: nn.Module, size: Size, last: str) -> nn.Module:
    """Prune as its own examples do: a little in each step until its counter says half."""
    network, images = copy.deepcopy(network), torch.randn(1, *size)
    dense, _ = tp.utils.count_ops_and_params(network, images)
    pruner = tp.pruner.BasePruner(
        network,
        images,
        importance=tp.importance.GroupMagnitudeImportance(p=1),
        pruning_ratio=0.95,
        iterative_steps=40,
        ignored_layers=[network.get_submodule(last)],
        round_to=8,
        in_channel_groups={},
        out_channel_groups={},
        num_heads={},
    )
    for _ in range(40):
        pruner.step()
        macs, _ = tp.utils.count_ops_and_params(network, images)
        if macs <= 0.5 * dense:
            break
    return network


WAYS: dict[str, Way] = {"reidbench": by_reidbench, "Torch-Pruning": by_torch_pruning}


def lines(way: Way) -> int:
    """Return the lines of a way: those of its body, its docstring aside."""
    return len(inspect.getsource(way).split('"""')[2].strip().splitlines())


def compared(key: str) -> dict[str, Any]:
    """Return what each way makes of a network."""
    architecture = by_key()[key]
    ways = {
        name: {"lines": lines(way), **_made(architecture, NETWORKS[key], way)}
        for name, way in WAYS.items()
    }
    return {"source": PEERS, "name": key, "verdict": "compared", "ways": ways}


def _made(architecture: Architecture, last: str, way: Way) -> dict[str, Any]:
    torch.manual_seed(0)
    network, size = architecture.build().eval(), architecture.sizes[0]
    try:
        network(torch.randn(1, *size))
    except Exception:
        size = architecture.sizes[-1]
    dense, shape = torch_counts(network, size), _shape(network, size)
    try:
        small = way(network, size, last).eval()
    except MemoryError:
        return {"reached": None, "breaks": "wants more than the 10 GB of memory it may have"}
    except Exception as error:
        return {"reached": None, "breaks": named_line(error)[:160]}
    try:
        reached = round(1 - torch_counts(small, size) / dense, 4)
        after = _shape(small, size)
    except Exception as error:
        return {"reached": None, "breaks": f"made, but cannot run: {named_line(error)[:120]}"}
    return {"reached": reached, "breaks": _breaks(small, size, reached, shape, after)}


def _breaks(
    small: nn.Module, size: Size, reached: float, before: tuple[int, ...], after: tuple[int, ...]
) -> str:
    if before != after:
        return f"puts out {after} instead of {before}"
    try:
        outputs = small.train()(torch.randn(2, *size))
        _total(outputs).backward()
    except Exception as error:
        return f"cannot train: {named_line(error)[:120]}"
    return "" if abs(reached - 0.5) <= CLOSE else f"{100 * abs(reached - 0.5):.1f} points off"


def _total(outputs: Any) -> torch.Tensor:
    leaves = torch.utils._pytree.tree_leaves(outputs)
    total: torch.Tensor = sum(leaf.sum() for leaf in leaves)
    return total


def _shape(network: nn.Module, size: Size) -> tuple[int, ...]:
    with torch.no_grad():
        return tuple(network(torch.randn(1, *size)).shape)
