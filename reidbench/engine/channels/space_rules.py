"""The rules of operations over space or along one dimension: pooling, reductions, softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.rules import Arguments, fixed_like, operation_of, pin_inputs, rule
from reidbench.engine.channels.walk import FIXED, Walk, compact, on_axis, shape_of, vary_elsewhere


@rule(
    *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "upsample_nearest1d"),
    *("upsample_nearest2d", "upsample_nearest3d", "upsample_bilinear2d", "upsample_bicubic2d"),
    *("upsample_linear1d", "upsample_trilinear3d", "_upsample_nearest_exact2d"),
    *("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"),
)
def _over_space(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    if any(size > 1 for axis, size in enumerate(ids.shape) if axis != 1):
        return pin_inputs(walk, node)
    # A map without batch dimension would have its channels where this rule expects the batch.
    return ids if ids.ndim == _dims(operation_of(node)) + 2 else pin_inputs(walk, node)


def _dims(operation: str) -> int:
    return next((size for size in (1, 2, 3) if f"{size}d" in operation), 2)


@rule("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def _over_space_with_indices(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = _over_space(walk, node, arguments)
    return ids if isinstance(ids, list) else [ids, ids]


@rule("max_pool2d_with_indices", "max_pool1d_with_indices", "max_pool3d_with_indices")
def _pool_with_indices(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return _over_space_with_indices(walk, node, arguments)


@rule("pad")
def _pad(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Pad space freely; channels of zeros are fixed positions beside those that may go."""
    ids, amounts = walk.ids(node.args[0]), list(arguments["pad"])
    # Pairs are listed from the last dimension back.
    pairs = [tuple(amounts[i : i + 2]) for i in range(0, len(amounts), 2)][::-1]
    varying = {axis for axis, size in enumerate(ids.shape) if size > 1}
    shape = shape_of(node.args[0])  # type: ignore[arg-type]
    if ids.size == 1 and ids.item() >= 0:
        # A single channel: any dimension of length 1 may be that of the channels.
        varying = {axis for axis, size in enumerate(shape) if size == 1}
    for axis, (before, after) in enumerate(pairs, start=ids.ndim - len(pairs)):
        if not (before or after):
            continue
        if axis in varying or ids.ndim == len(pairs) or axis == 0:
            if arguments["mode"] != "constant" or min(before, after) < 0:
                return pin_inputs(walk, node)
            around = [
                np.full((*ids.shape[:axis], n, *ids.shape[axis + 1 :]), FIXED)
                for n in (before, after)
            ]
            whole = np.broadcast_to(ids, (*ids.shape[:axis], shape[axis], *ids.shape[axis + 1 :]))
            ids = np.concatenate([around[0], whole, around[1]], axis=axis).astype(np.int64)
    return ids


@rule("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm", "norm", "all", "any")
def _reduction(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    dims = arguments.get("dim")
    if dims is None or dims == []:
        return pin_inputs(walk, node)
    axes = {d % ids.ndim for d in ([dims] if isinstance(dims, int) else dims)}
    if not node.users:  # attention weights that nobody asked for
        return fixed_like(node)
    if any(ids.shape[axis] > 1 for axis in axes):
        if not vary_elsewhere(ids, axes):
            return pin_inputs(walk, node)
        ids = walk.tie_along(ids, axes)
    return ids if arguments.get("keepdim") else ids.squeeze(tuple(axes))


@rule("max", "min", "median", "argmax", "argmin", "logsumexp", "prod")
def _extreme(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Take the largest along a dimension: values, and where they were."""
    if "other" in arguments or not isinstance(arguments.get("dim"), int | list | tuple):
        return pin_inputs(walk, node)
    ids = _reduction(walk, node, arguments)
    several = isinstance(node.meta["val"], list | tuple)
    return [ids, ids] if several and not isinstance(ids, list) else ids


@rule("softmax", "log_softmax", "_softmax", "cumsum", "cumprod")
def _along_one_dim(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    dim = arguments["dim"]
    if isinstance(dim, int) and ids.shape[dim] > 1 and vary_elsewhere(ids, [dim]):
        ids = walk.tie_along(ids, [dim])
    if not isinstance(dim, int) or ids.shape[dim] > 1:
        return pin_inputs(walk, node)
    return compact(ids)


@rule("topk")
def _ordered(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids, dim = walk.ids(arguments["self"]), arguments["dim"]
    if ids.shape[dim] > 1:
        return pin_inputs(walk, node)
    return [ids, ids]


@rule("roll", "flip")
def _moved(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Move entries along space; channels moved by a number stay where they are."""
    ids = walk.ids(arguments["self"])
    dims = arguments["dims"]
    if not dims or any(ids.shape[dim] > 1 for dim in dims):
        return pin_inputs(walk, node)
    return ids


@rule("im2col")
def _windows(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Unfold windows: every channel becomes as many as a window has places."""
    source = arguments["self"]
    ids, out = walk.along(source, 1), shape_of(node)
    return on_axis(ids.repeat(out[1] // shape_of(source)[1]), 1, len(out))


@rule(
    *("einsum", "addmm", "addmv", "baddbmm", "addbmm", "mv", "dot", "lstm", "gru"),
    *("rnn_tanh", "rnn_relu", "cdist", "bilinear", "gather", "scatter", "embedding", "col2im"),
    *("grid_sampler", "cross", "linalg_matrix_norm", "renorm", "tensordot", "inner", "outer"),
    *("native_layer_norm", "index_add", "local_response_norm", "channel_dropout"),
)
def _needs_every_channel(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return pin_inputs(walk, node)


@rule("arange", "full", "zeros", "ones", "new_zeros", "new_ones", "new_full", "empty", "eye")
def _constant(walk: Walk, node: Node, arguments: Arguments) -> Any:
    if shape_of(node)[:1] == (walk.batch,):
        walk.from_images.add(node)  # made for every image, as a map of positions
    return fixed_like(node)
