"""The rules of operations that only rearrange entries: views, permutations, repetitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.rules import Arguments, pin_inputs, rule
from reidbench.engine.channels.walk import View, Walk, compact, on_axis, shape_of


@rule("view", "reshape", "flatten", "unflatten", "_unsafe_view", "view_as", "reshape_as")
def _view(walk: Walk, node: Node, arguments: Arguments) -> Any:
    result = _reshaped(walk, node)
    # Whether the channels may go that a view splits or joins shows when all is tied that will be.
    walk.views.append(View(node, walk.ids(node.all_input_nodes[0]), result))
    given = arguments.get("size", arguments.get("shape", arguments.get("sizes")))
    if isinstance(given, list | tuple) and len(given) == result.ndim:
        for axis, size in enumerate(result.shape):
            if size > 1 and given[axis] == size:
                walk.assume(result, f"has the number {size} where the channels are")
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


@rule("transpose", "swapaxes", "swapdims")
def _transpose(walk: Walk, node: Node, arguments: Arguments) -> Any:
    _, one, other = node.args
    assert isinstance(one, int)
    assert isinstance(other, int)
    return walk.ids(arguments["self"]).swapaxes(one, other)


@rule("movedim", "moveaxis")
def _moved(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(arguments["self"])
    return np.moveaxis(ids, arguments["source"], arguments["destination"])


@rule("t", "numpy_T", "mT", "adjoint", "mH")
def _flipped(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    return ids.T if ids.ndim < 3 else ids.swapaxes(-1, -2)


@rule("expand", "broadcast_to")
def _expand(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return _lifted(walk.ids(arguments["self"]), len(shape_of(node)))


def _lifted(ids: IntArray, dims: int) -> IntArray:
    return ids.reshape((1,) * (dims - ids.ndim) + ids.shape)


@rule("expand_as")
def _expand_as(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Spread over the dimensions of another tensor, whose channels the result then has there."""
    source, other = arguments["self"], walk.ids(arguments["other"])
    own = _lifted(walk.ids(source), other.ndim)
    padded = (1,) * (other.ndim - len(shape_of(source))) + shape_of(source)
    spread = [d for d in range(other.ndim) if padded[d] < shape_of(node)[d] and other.shape[d] > 1]
    if not spread:
        return own
    walk.pin(own)
    kept = tuple(slice(None) if d in spread else slice(0, 1) for d in range(other.ndim))
    return other[kept]


@rule("repeat", "tile")
def _repeat(walk: Walk, node: Node, arguments: Arguments) -> Any:
    source, times = arguments["self"], list(arguments.get("repeats") or arguments["dims"])
    ids, out = walk.ids(source), shape_of(node)
    times = [1] * (len(out) - len(times)) + times
    ids = _lifted(ids, len(out))
    return np.tile(ids, [n if ids.shape[d] > 1 else 1 for d, n in enumerate(times)])


@rule("repeat_interleave")
def _repeat_interleave(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids, dim = walk.ids(arguments["self"]), arguments.get("dim")
    if dim is None or not isinstance(arguments["repeats"], int):
        return pin_inputs(walk, node)
    return ids.repeat(arguments["repeats"], dim) if ids.shape[dim] > 1 else ids


@rule("channel_shuffle", "native_channel_shuffle")
def _channel_shuffle(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Deal the channels of groups in turn; the j-th of every group go together."""
    source = walk.along(arguments["self"], 1)
    lanes = source.reshape(arguments["groups"], -1)
    walk.tie(lanes[:1], lanes)
    if (source < 0).any():
        walk.pin(source)
    return on_axis(lanes.T.ravel(), 1, len(shape_of(node)))


@rule("pixel_shuffle")
def _pixel_shuffle(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Make a square of every r * r channels, which go together."""
    source = walk.along(arguments["self"], 1)
    squares = source.reshape(-1, arguments["upscale_factor"] ** 2)
    walk.tie(squares[:, :1], squares)
    if (source < 0).any():
        walk.pin(source)
    return on_axis(squares[:, 0], 1, len(shape_of(node)))


@rule("pixel_unshuffle")
def _pixel_unshuffle(walk: Walk, node: Node, arguments: Arguments) -> Any:
    source = walk.along(arguments["self"], 1)
    times = arguments["downscale_factor"] ** 2
    return on_axis(source.repeat(times), 1, len(shape_of(node)))
