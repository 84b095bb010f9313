"""The rules of operations that join, cut and rearrange activations."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.rules import Arguments, fixed_like, operation_of, pin_inputs, rule
from reidbench.engine.channels.walk import FIXED, Held, Walk, compact, running_module, shape_of


@rule("add", "sub", "mul", "div", "maximum", "minimum", "rsub", "pow")
def _two_operands(walk: Walk, node: Node, arguments: Arguments) -> Any:
    first: Any = node.args[0]
    second: Any = node.args[1]
    for one, other in ((first, second), (second, first)):
        if (held := _per_channel(walk, one)) and isinstance(other, Node):
            return _scaled(walk, node, held, other)
    both = [value for value in (first, second) if isinstance(value, Node)]
    operands = [_stretched(walk, value, node, both) for value in both]
    if len(operands) == 1:
        return operands[0]
    if operation_of(node) == "add" and _is_sum(operands, both):
        walk.sum_owners.add(running_module(node))
    walk.tie(operands[0], operands[1])
    _anchor(walk, both[0], operands[0], operands[1])
    _anchor(walk, both[1], operands[1], operands[0])
    left, right = np.broadcast_arrays(*operands)
    return np.where(left >= 0, left, right)


def _per_channel(walk: Walk, value: Any) -> Held | None:
    held = walk.held.get(value) if isinstance(value, Node) else None
    return held if held is not None and held.name and prod(held.shape) > 1 else None


def _scaled(walk: Walk, node: Node, held: Held, other: Node) -> IntArray:
    """Carry a parameter that acts on each channel (a layer scale) along with the channels."""
    ids = walk.ids(other)
    offset = ids.ndim - len(held.shape)
    for dim, size in enumerate(held.shape):
        axis = dim + offset
        if size > 1 and axis >= 0 and ids.shape[axis] > 1:
            source = walk.along(other, axis)
            walk.claim(held.owner, (held.name,), dim, "carrier", source)
    return ids if len(shape_of(node)) == ids.ndim else pin_inputs(walk, node)


def _stretched(walk: Walk, value: Node, node: Node, both: Sequence[Node]) -> IntArray:
    """Return the ids of an operand, none if its one channel is spread over those of the other."""
    ids, shape, out = walk.ids(value), shape_of(value), shape_of(node)
    ids = ids.reshape((1,) * (len(out) - ids.ndim) + ids.shape)
    shape = (1,) * (len(out) - len(shape)) + shape
    other = [walk.ids(one) for one in both if one is not value]
    for theirs in other:
        padded = theirs.reshape((1,) * (len(out) - theirs.ndim) + theirs.shape)
        if any(shape[d] < out[d] and padded.shape[d] > 1 for d in range(len(out))):
            walk.pin(ids)
            return np.full((1,) * len(out), FIXED, dtype=np.int64)
    return ids


def _anchor(walk: Walk, value: Node, fixed: IntArray, others: IntArray) -> None:
    """Pin the channels that meet entries of ``value`` that nobody can remove."""
    shape = (1,) * (others.ndim - len(shape_of(value))) + shape_of(value)
    if any(size > 1 and shape[axis] > 1 for axis, size in enumerate(others.shape)):
        one, other = np.broadcast_arrays(fixed, others)
        walk.pin(other[one < 0])


def _is_sum(ids: list[IntArray], both: list[Node]) -> bool:
    return shape_of(both[0]) == shape_of(both[1]) and all((one >= 0).any() for one in ids)


@rule("cat")
def _cat(walk: Walk, node: Node, arguments: Arguments) -> Any:
    dim, out = arguments["dim"] % len(shape_of(node)), shape_of(node)
    parts = [(walk.ids(value), shape_of(value)) for value in arguments["tensors"]]
    common = np.broadcast_shapes(*(_without(ids.shape, dim) for ids, _ in parts))
    shaped = []
    for ids, shape in parts:
        size = shape[dim]
        shaped.append(np.broadcast_to(ids, (*common[:dim], size, *common[dim + 1 :])))
    ids = compact(np.concatenate(shaped, axis=dim))
    assert len(out) == ids.ndim
    return ids


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], 1, *shape[dim + 1 :])


@rule("stack")
def _stack(walk: Walk, node: Node, arguments: Arguments) -> Any:
    dim = arguments["dim"] % len(shape_of(node))
    ids = np.broadcast_arrays(*(walk.ids(value) for value in arguments["tensors"]))
    return compact(np.stack(ids, axis=dim))


@rule("chunk")
def _chunk(walk: Walk, node: Node, arguments: Arguments) -> Any:
    pieces, across = _pieces(walk, node, arguments)
    if across:
        _tie_pieces(walk, pieces)
    return pieces


@rule("split")
def _split(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Cut into pieces of one size; free only if the module holds that size as its own number."""
    pieces, across = _pieces(walk, node, arguments)
    if across:
        _tie_pieces(walk, pieces)
        _hold(walk, node, arguments["split_size"], None, pieces[0])
    return pieces


@rule("split_with_sizes")
def _split_with_sizes(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Cut into listed sizes; free only if the module holds that very list."""
    pieces, across = _pieces(walk, node, arguments)
    sizes = list(arguments["split_sizes"])
    if across:
        for index, piece in enumerate(pieces):
            _hold(walk, node, sizes, index, piece)
    return pieces


def _pieces(walk: Walk, node: Node, arguments: Arguments) -> tuple[list[IntArray], bool]:
    """Return the ids of every piece, and whether the cut goes across channels."""
    source = arguments["self"]
    ids, dim = walk.ids(source), arguments["dim"] % len(shape_of(source))
    if ids.shape[dim] == 1:
        return [ids for _ in node.meta["val"]], False
    sizes = [int(value.shape[dim]) for value in node.meta["val"]]
    return list(np.split(ids, np.cumsum(sizes)[:-1], axis=dim)), True


def _tie_pieces(walk: Walk, pieces: list[IntArray]) -> None:
    for piece in pieces[1:]:
        if piece.shape == pieces[0].shape:
            walk.tie(pieces[0], piece)
        else:
            walk.pin(pieces[0])
            walk.pin(piece)


def _hold(walk: Walk, node: Node, value: Any, index: int | None, ids: IntArray) -> None:
    """Note the one attribute of the running module that holds ``value``, else pin ``ids``."""
    owner = running_module(node)
    held = vars(walk.module.get_submodule(owner))
    names = [n for n, v in held.items() if type(v) is not bool and _same(v, value)]
    key = (owner, names[0] if names else "", index)
    known = walk.sizes.get(key)
    if len(names) != 1 or (known is not None and not np.array_equal(known, ids)):
        walk.pin(ids)
    else:
        walk.sizes[key] = ids


def _same(held: Any, value: Any) -> bool:
    if isinstance(value, list):
        return isinstance(held, list | tuple) and list(held) == value
    return type(held) is int and held == value


@rule("slice", "narrow")
def _slice(walk: Walk, node: Node, arguments: Arguments) -> Any:
    source = arguments["self"]
    ids, dim = walk.ids(source), arguments["dim"] % len(shape_of(source))
    size, out = shape_of(source)[dim], shape_of(node)[dim]
    if ids.shape[dim] == 1 or out == size:
        return ids
    if "length" in arguments:
        start, end, step = arguments["start"], arguments["start"] + arguments["length"], 1
    else:
        start, end, step = arguments["start"], arguments["end"], arguments["step"]
    # Nothing in the graph says how the bounds were computed, so the channels must stay.
    walk.pin(ids)
    return ids[(slice(None),) * dim + (slice(start, end, step),)]


@rule("select")
def _select(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids, dim = walk.ids(arguments["self"]), arguments["dim"]
    if ids.shape[dim] == 1:
        return ids.squeeze(dim)
    walk.pin(ids)
    return ids.take(arguments["index"], axis=dim)


@rule("view", "reshape", "flatten", "unflatten", "_unsafe_view")
def _view(walk: Walk, node: Node, arguments: Arguments) -> Any:
    result = _reshaped(walk, node)
    if sum(size > 1 for size in result.shape) > 1:
        # The channel axis was split by sizes the graph cannot trace (heads, a channel shuffle).
        walk.pin(result)
    return result


@rule("squeeze")
def _squeeze(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return _reshaped(walk, node)


def _reshaped(walk: Walk, node: Node) -> IntArray:
    source = node.all_input_nodes[0]
    return compact(np.broadcast_to(walk.ids(source), shape_of(source)).reshape(shape_of(node)))


@rule("unsqueeze")
def _unsqueeze(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return np.expand_dims(walk.ids(arguments["self"]), arguments["dim"])


@rule("permute")
def _permute(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return walk.ids(arguments["self"]).transpose(arguments["dims"])


@rule("transpose")
def _transpose(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return walk.ids(arguments["self"]).swapaxes(arguments["dim0"], arguments["dim1"])


@rule("t", "numpy_T")
def _flip(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return walk.ids(node.args[0]).T


@rule("expand", "expand_as")
def _expand(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(arguments["self"])
    return ids.reshape((1,) * (len(shape_of(node)) - ids.ndim) + ids.shape)


@rule("zeros_like", "ones_like", "arange", "full", "zeros", "ones", "full_like")
def _constant(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return fixed_like(node)
