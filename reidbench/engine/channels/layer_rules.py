"""The rules of operations with weights: convolutions, linear layers, norms, matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.problems import UnsupportedOperation
from reidbench.engine.channels.rules import NORMS, Arguments, makers_of, pin_inputs, rule, where
from reidbench.engine.channels.walk import Charge, Held, Walk, on_axis, running_module, shape_of

# After pruning, a grouped convolution may look like another kind (a depthwise one cut to one
# channel looks dense), so surgery writes on the module how its channels were first tied.
TIED_BY = "channels_tied_by"


@rule("conv1d", "conv2d", "conv3d")
def _convolution(walk: Walk, node: Node, arguments: Arguments) -> Any:
    weight, tensors = _weight(walk, node, arguments)
    source = walk.along(arguments["input"], 1)
    _, _, *space = shape_of(node)
    walk.charges.append(Charge(prod(space) * prod(weight.shape[2:]), weight))
    kind = _kind(walk, weight, arguments["groups"])
    if kind == "block":
        _show(walk, arguments["input"], weight.owner)
    tie = {"dense": _dense, "block": _block, "lane": _lane}[kind]
    rows = tie(walk, weight, tensors, source, arguments["groups"])
    return on_axis(rows, 1, 2 + len(space))


@rule("linear")
def _linear(walk: Walk, node: Node, arguments: Arguments) -> Any:
    weight, tensors = _weight(walk, node, arguments)
    source = walk.along(arguments["input"], -1)
    shape = shape_of(node)
    # The batch may be any dimension (tokens first), so the positions are divided by it.
    walk.charges.append(Charge(prod(shape[:-1]) // walk.batch, weight))
    rows = _dense(walk, weight, tensors, source, 1)
    return on_axis(rows, -1, len(shape))


def _show(walk: Walk, value: Any, owner: str) -> None:
    """Note that the output of ``owner`` shows what the makers of its input come to."""
    for maker in makers_of(walk, value, through=NORMS):
        walk.shown_by.setdefault(maker, []).append(owner)


def _weight(walk: Walk, node: Node, arguments: Arguments) -> tuple[Held, tuple[str, ...]]:
    weight, bias = walk.held.get(arguments["weight"]), arguments["bias"]
    if weight is None or (bias is not None and bias not in walk.held):
        raise UnsupportedOperation(
            f"the weight of '{where(node)}' is computed, not a parameter of a module; remove the"
            " parametrisation (weight norm, spectral norm) before capturing the network"
        )
    names = (weight.name,) if bias is None else (weight.name, walk.held[bias].name)
    return weight, names


def _kind(walk: Walk, weight: Held, groups: int) -> str:
    known = getattr(walk.module.get_submodule(weight.owner), TIED_BY, None)
    if known is not None:
        return str(known)
    if groups == 1:
        return "dense"
    return "block" if weight.shape[1] <= groups else "lane"


def _dense(
    walk: Walk, weight: Held, tensors: tuple[str, ...], source: IntArray, groups: int
) -> IntArray:
    walk.claim(weight.owner, (weight.name,), 1, "consumer", source)
    return walk.claim(weight.owner, tensors, 0, "producer", walk.fresh(weight.shape[0]))


def _block(
    walk: Walk, weight: Held, tensors: tuple[str, ...], source: IntArray, groups: int
) -> IntArray:
    """Tie everything in one convolution group: whole groups go (depthwise: one channel each)."""
    blocks = source.reshape(groups, -1)
    walk.tie(blocks[:, :1], blocks)
    if (source < 0).any():
        walk.pin(source)
    rows = blocks[:, 0].repeat(weight.shape[0] // groups)
    return walk.claim(weight.owner, tensors, 0, "carrier", rows)


def _lane(
    walk: Walk, weight: Held, tensors: tuple[str, ...], source: IntArray, groups: int
) -> IntArray:
    """Tie the j-th channel of every convolution group: all groups shrink alike."""
    lanes = source.reshape(groups, -1)
    walk.tie(lanes[:1], lanes)
    if (source < 0).any():
        walk.pin(source)
    walk.claim(weight.owner, (weight.name,), 1, "consumer", lanes[0])
    rows = walk.claim(weight.owner, tensors, 0, "producer", walk.fresh(weight.shape[0]))
    out_lanes = rows.reshape(groups, -1)
    walk.tie(out_lanes[:1], out_lanes)
    return rows


@rule(*NORMS)
def _norm(walk: Walk, node: Node, arguments: Arguments) -> Any:
    held = [
        walk.held[arguments[name]]
        for name in ("weight", "bias", "running_mean", "running_var")
        if arguments[name] is not None
    ]
    owner = held[0].owner if held else running_module(node)
    source = walk.along(arguments["input"], 1)
    walk.claim(owner, tuple(tensor.name for tensor in held), 0, "norm", source)
    _show(walk, arguments["input"], owner)
    return on_axis(source, 1, len(shape_of(node)))


@rule("prelu")
def _prelu(walk: Walk, node: Node, arguments: Arguments) -> Any:
    slope = walk.held[arguments["weight"]]
    if prod(slope.shape) > 1:
        source = walk.along(arguments["self"], 1)
        walk.claim(slope.owner, (slope.name,), 0, "carrier", source)
    return walk.ids(arguments["self"])


@rule("mm", "bmm", "matmul", "scaled_dot_product_attention")
def _matrix_product(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Count an attention product and keep its channels: heads split them by fixed sizes."""
    operands = [value for value in node.args if isinstance(value, Node)]
    out, first = shape_of(node), shape_of(operands[0])
    each = prod(out) * first[-1]
    if "query" in arguments:
        keys = shape_of(operands[1])[-2]
        each = prod(first) * keys + prod(out) * keys
    walk.charges.append(Charge(each // walk.batch, None))
    return pin_inputs(walk, node)
