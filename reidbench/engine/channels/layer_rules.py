"""The rules of operations with weights: convolutions, linear layers, matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

from torch.fx import Node
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import is_parametrized

from reidbench.engine.channels.cut_rules import hold
from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.problems import UnsupportedOperation
from reidbench.engine.channels.rules import NORMS, Arguments, makers_of, pin_inputs, rule
from reidbench.engine.channels.walk import Held, Walk, on_axis, running_module, shape_of, where

# After pruning, a grouped convolution may look like another kind (a depthwise one cut to one
# channel looks dense), so surgery writes on the module how those of its weight were first tied.
TIED_BY = "channels_tied_by"


@rule("conv1d", "conv2d", "conv3d")
def _convolution(walk: Walk, node: Node, arguments: Arguments) -> Any:
    weight, out = _weight(walk, node, arguments), shape_of(node)
    if weight is None or len(shape_of(arguments["input"])) != len(weight.shape):
        return pin_inputs(walk, node)
    source = walk.along(arguments["input"], 1)
    walk.charge(node, prod(out) // out[1] * prod(weight.shape[2:]), weight)
    kind = _kind(walk, weight, arguments["groups"])
    if kind == "block":
        show(walk, arguments["input"], weight.owner)
    tie = {"dense": _dense, "block": _block, "lane": _lane}[kind]
    rows = tie(walk, weight, _tensors(walk, weight, arguments), source, arguments["groups"])
    _other_bias(walk, weight, arguments["bias"], rows)
    layer = walk.module.get_submodule(weight.owner)
    if kind == "block" and not (
        isinstance(layer, _ConvNd) and running_module(node) == weight.owner
    ):
        hold(walk, node, arguments["groups"], None, source.reshape(arguments["groups"], -1)[:, 0])
    return on_axis(rows, 1, len(out))


@rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _transposed(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Treat rows as inputs and columns as outputs; grouped ones keep their channels."""
    weight, shape = _weight(walk, node, arguments), shape_of(arguments["input"])
    if weight is None or arguments["groups"] > 1 or len(shape) != len(weight.shape):
        return pin_inputs(walk, node)
    source = walk.along(arguments["input"], 1)
    walk.charge(node, prod(shape) // shape[1] * prod(weight.shape[2:]), weight)
    walk.claim(weight.owner, (weight.name,), 0, "consumer", source)
    made = walk.fresh(weight.shape[1])
    rows = walk.claim(weight.owner, (weight.name,), 1, "producer", made)
    _other_bias(walk, weight, arguments["bias"], rows)
    return on_axis(rows, 1, len(shape_of(node)))


@rule("linear")
def _linear(walk: Walk, node: Node, arguments: Arguments) -> Any:
    weight, shape = _weight(walk, node, arguments), shape_of(node)
    if weight is None:
        return pin_inputs(walk, node)
    source = walk.along(arguments["input"], -1)
    walk.charge(node, prod(shape[:-1]), weight)
    rows = _dense(walk, weight, _tensors(walk, weight, arguments), source, 1)
    _other_bias(walk, weight, arguments["bias"], rows)
    return on_axis(rows, -1, len(shape))


def show(walk: Walk, value: Any, owner: str) -> None:
    """Note that the output of ``owner`` shows what the makers of its input come to."""
    for maker in makers_of(walk, value, through=NORMS):
        walk.shown_by.setdefault(maker, []).append(owner)


def _weight(walk: Walk, node: Node, arguments: Arguments) -> Held | None:
    """Return the weight, or None for filters that can lose nothing: constants, computed ones."""
    weight, bias = walk.held.get(arguments["weight"]), arguments["bias"]
    owned = weight is not None and weight.name
    if owned and (bias is None or ((held := walk.held.get(bias)) is not None and held.name)):
        return weight
    layer = walk.module.get_submodule(running_module(node))
    if is_parametrized(layer) or layer._forward_pre_hooks:
        raise UnsupportedOperation(
            f"the weight of '{where(node)}' is computed before each forward pass (weight norm,"
            " spectral norm, a pruning mask); make it a plain parameter with"
            " torch.nn.utils.remove_weight_norm, remove_spectral_norm, prune.remove or"
            " parametrize.remove_parametrizations before capturing the network"
        )
    return None


def _tensors(walk: Walk, weight: Held, arguments: Arguments) -> tuple[str, ...]:
    """Return the names of a weight and of the bias that the same module holds."""
    bias = walk.held.get(arguments["bias"])
    return (
        (weight.name,) if bias is None or bias.owner != weight.owner else (weight.name, bias.name)
    )


def _other_bias(walk: Walk, weight: Held, bias: Node | None, rows: IntArray) -> None:
    """Claim a bias that does not go with the rows of the weight: another use has its own."""
    if bias is not None:
        held, slot = walk.held[bias], walk.slots.get((weight.owner, weight.name, 0))
        own = slot is not None and slot.role != "consumer" and held.name in slot.tensors
        if held.owner != weight.owner or not own:
            walk.claim(held.owner, (held.name,), 0, "carrier", rows)


def _kind(walk: Walk, weight: Held, groups: int) -> str:
    known = getattr(walk.module.get_submodule(weight.owner), TIED_BY, {})
    if weight.name in known:
        return str(known[weight.name])
    if groups == 1:
        return "dense"
    return "block" if weight.shape[1] <= groups else "lane"


def _dense(
    walk: Walk, weight: Held, tensors: tuple[str, ...], source: IntArray, groups: int
) -> IntArray:
    walk.claim(weight.owner, (weight.name,), 1, "consumer", source)
    made = walk.fresh(weight.shape[0])
    return walk.claim(weight.owner, tensors, 0, "producer", made)


def _block(
    walk: Walk, weight: Held, tensors: tuple[str, ...], source: IntArray, groups: int
) -> IntArray:
    """Tie everything in one convolution group: whole groups go (depthwise: one channel each)."""
    rows = tied_blocks(walk, source, groups)[:, 0].repeat(weight.shape[0] // groups)
    return walk.claim(weight.owner, tensors, 0, "carrier", rows)


def tied_blocks(walk: Walk, source: IntArray, groups: int) -> IntArray:
    """Tie the channels in each of ``groups`` blocks, which go as wholes; (groups, channels)."""
    blocks = source.reshape(groups, -1)
    walk.tie(blocks[:, :1], blocks)
    if (source < 0).any():
        walk.pin(source)
    return blocks


def _lane(
    walk: Walk, weight: Held, tensors: tuple[str, ...], source: IntArray, groups: int
) -> IntArray:
    """Tie the j-th channel of every convolution group: all groups shrink alike."""
    lanes = source.reshape(groups, -1)
    walk.tie(lanes[:1], lanes)
    if (source < 0).any():
        walk.pin(source)
    walk.claim(weight.owner, (weight.name,), 1, "consumer", lanes[0])
    made = walk.fresh(weight.shape[0])
    rows = walk.claim(weight.owner, tensors, 0, "producer", made)
    out_lanes = rows.reshape(groups, -1)
    walk.tie(out_lanes[:1], out_lanes)
    return rows
