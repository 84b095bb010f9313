"""Parameters with one number a channel, and what is computed from them entry by entry.

A frozen batch norm computes ``weight * (variance + eps).rsqrt()`` from buffers, a layer scale is
reshaped to (1, C, 1, 1): such a vector meets the channels only after some arithmetic, and the
tensors that it is made of lose entries with the channels.
"""

from __future__ import annotations

from typing import TypeAlias

from torch import Tensor
from torch.fx import Node

from reidbench.engine.channels.walk import Held, Walk, shape_of

Vector: TypeAlias = tuple[tuple[Held, int], ...]
"""The tensors that a vector is made of, each with its dimension that holds the channels."""

_ALONE = frozenset(
    {"add", "sub", "mul", "div", "pow", "rsub", "maximum", "minimum", "neg", "exp", "abs", "sqrt"}
    | {"rsqrt", "square", "reciprocal", "sigmoid", "tanh", "softplus", "relu", "log", "to"}
    | {"_to_copy", "clone", "contiguous", "detach", "alias", "clamp", "clamp_min", "clamp_max"}
    | {"view", "reshape", "unsqueeze", "squeeze", "flatten", "type_as"}
)


def vector_of(walk: Walk, value: Node) -> Vector:
    """Return what a vector of one number a channel is made of; nothing for any other value."""
    held = walk.held.get(value)
    if held is None:
        return walk.vectors.get(value, ())
    if not held.name:
        return ()
    return tuple((held, dim) for dim, size in enumerate(held.shape) if size > 1)


def follow(walk: Walk, node: Node, operation: str) -> bool:
    """Note ``node`` as a vector if it is computed entry by entry from vectors alone."""
    value, inputs = node.meta.get("val"), node.all_input_nodes
    if operation not in _ALONE or not isinstance(value, Tensor) or node in walk.from_images:
        return False
    length = _length(shape_of(node))
    found: list[tuple[Held, int]] = []
    for one in inputs:
        own = vector_of(walk, one)
        if not length or (own and _length(shape_of(one)) != length):
            return False
        if not own and shape_of(one) and max(shape_of(one)) > 1:
            return False
        found.extend(own)
    walk.vectors[node] = tuple(dict.fromkeys(found))
    return bool(found)


def _length(shape: tuple[int, ...]) -> int:
    """Return the size of the only dimension above 1, or 0 where there is not exactly one."""
    long = [size for size in shape if size > 1]
    return long[0] if len(long) == 1 else 0
