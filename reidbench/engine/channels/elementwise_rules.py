"""The rules of operations that treat every entry alone: activations, sums, products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.rules import (
    NORMS,
    Arguments,
    fixed_like,
    makers_of,
    operation_of,
    pin_inputs,
    rule,
)
from reidbench.engine.channels.vectors import Vector, vector_of
from reidbench.engine.channels.walk import FIXED, Walk, running_module, shape_of, vary_elsewhere

# Activations without numbers of their own: their name is all there is to know.
_PLAIN = ("relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu")
_ACTIVATIONS = (*_PLAIN, "hardtanh", "gelu", "elu", "celu", "leaky_relu", "softplus")
# What they make of 0 is not finite.
_UNSAFE_AT_ZERO = ("log", "log2", "log10", "rsqrt", "reciprocal", "pow")


@rule(*_ACTIVATIONS)
def _activation(walk: Walk, node: Node, arguments: Arguments) -> Any:
    name = operation_of(node)
    # What torchvision calls ReLU6 is exported as a hard tanh.
    if name == "hardtanh" and (arguments["min_val"], arguments["max_val"]) == (0, 6):
        name = "relu6"
    if name in _PLAIN:
        for maker in makers_of(walk, node.args[0], through=(*NORMS, "cat")):
            walk.activation_after.setdefault(maker, name)
    return walk.ids(node.args[0])


@rule(
    *("clamp", "clamp_min", "clamp_max", "threshold", "softshrink", "hardshrink", "logit"),
    *("abs", "neg", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt"),
    *("square", "reciprocal", "softsign", "erf", "sin", "cos", "tan", "atan", "sign", "floor"),
    *("ceil", "round", "trunc", "log_sigmoid", "logical_not", "nan_to_num", "isnan"),
    *("dropout", "feature_dropout", "alpha_dropout", "clone", "contiguous", "detach", "alias"),
    *("to", "_to_copy", "lift_fresh_copy", "type_as", "zeros_like", "ones_like", "full_like"),
    *("rand_like", "randn_like", "empty_like", "bernoulli"),
)
def _one_operand(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    if operation_of(node) in _UNSAFE_AT_ZERO:
        walk.divisors.append(ids)
    return ids


@rule(
    *("add", "sub", "mul", "div", "maximum", "minimum", "rsub", "pow", "where", "addcmul"),
    *("addcdiv", "lerp", "masked_fill", "atan2", "remainder", "fmod", "floor_divide", "hypot"),
    *("eq", "ne", "gt", "ge", "lt", "le", "logical_and", "logical_or", "logical_xor"),
    *("bitwise_and", "bitwise_or", "xlogy", "fmax", "fmin"),
)
def _many_operands(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Tie what meets entry by entry; a parameter for each channel goes along with them."""
    operands = [value for value in node.args if isinstance(value, Node)]
    vectors = {value: found for value in operands if (found := vector_of(walk, value))}
    maps = [value for value in operands if value not in vectors]
    if not maps:
        return fixed_like(node)
    _note_divisor(walk, node)
    for vector, found in vectors.items():
        for value in maps:
            if not _scaled(walk, shape_of(vector), found, value):
                return pin_inputs(walk, node)
    return _merged(walk, node, maps)


@rule("prelu")
def _prelu(walk: Walk, node: Node, arguments: Arguments) -> Any:
    value, slope = arguments["self"], arguments["weight"]
    if found := vector_of(walk, slope):
        if len(shape_of(value)) < 2:
            return pin_inputs(walk, node)
        source = walk.along(value, 1)
        for held, dim in found:
            walk.claim(held.owner, (held.name,), dim, "carrier", source)
    elif slope not in walk.held:
        return pin_inputs(walk, node)
    return walk.ids(value)


def _note_divisor(walk: Walk, node: Node) -> None:
    """Note the channels that something is divided by: they must not be made zero."""
    operation = operation_of(node)
    place = {"div": 1, "addcdiv": 2, "floor_divide": 1, "remainder": 1, "fmod": 1}.get(operation)
    unsafe = node.args if operation in ("pow", "atan2", "hypot", "xlogy") else ()
    for value in unsafe if place is None else (node.args[place],):
        if isinstance(value, Node):
            walk.divisors.append(walk.ids(value))
            if vector_of(walk, value):
                unsafe_with = [one for one in node.args if isinstance(one, Node)]
                walk.divisors.extend(walk.ids(one) for one in unsafe_with)


def _scaled(walk: Walk, shape: tuple[int, ...], found: Vector, other: Node) -> bool:
    """Carry parameters that act on each channel along with the channels of ``other``."""
    ids = walk.ids(other)
    offset = ids.ndim - len(shape)
    if offset < 0:
        return False
    met = [d for d, size in enumerate(shape) if size > 1 and ids.shape[d + offset] > 1]
    if met and vary_elsewhere(ids, [dim + offset for dim in met]):
        walk.tie_along(ids, [dim + offset for dim in met])
        return True
    for dim, size in enumerate(shape):
        if size > 1 and ids.shape[dim + offset] > 1:
            source = walk.along(other, dim + offset)
            for held, own in found:
                if held.shape != shape or own == dim:
                    walk.claim(held.owner, (held.name,), own, "carrier", source)
    return True


def _merged(walk: Walk, node: Node, maps: Sequence[Node]) -> IntArray:
    operands = [_stretched(walk, value, node, maps) for value in maps]
    if operation_of(node) == "add" and len(maps) == 2 and _is_sum(operands, maps):
        walk.sum_owners.add(running_module(node))
    for (one, first), (other, second) in combinations(zip(maps, operands, strict=True), 2):
        walk.tie(first, second)
        _anchor(walk, one, first, second)
        _anchor(walk, other, second, first)
    return reduce(_filled, operands)


def _filled(left: IntArray, right: IntArray) -> IntArray:
    left, right = np.broadcast_arrays(left, right)
    return np.where(left >= 0, left, right)


def _stretched(walk: Walk, value: Node, node: Node, maps: Sequence[Node]) -> IntArray:
    """Return the ids of an operand, none if its one channel is spread over those of the other.

    Spread here, or before by an expansion or a repetition.
    """
    ids, shape, out = walk.ids(value), shape_of(value), shape_of(node)
    ids = ids.reshape((1,) * (len(out) - ids.ndim) + ids.shape)
    shape = (1,) * (len(out) - len(shape)) + shape
    for theirs in (walk.ids(one) for one in maps if one is not value):
        padded = theirs.reshape((1,) * (len(out) - theirs.ndim) + theirs.shape)
        spread = ids.size == 1
        if any((spread or shape[d] < out[d]) and padded.shape[d] > 1 for d in range(len(out))):
            walk.pin(ids)
            return np.full((1,) * len(out), FIXED, dtype=np.int64)
    return ids


def _anchor(walk: Walk, value: Node, fixed: IntArray, others: IntArray) -> None:
    """Pin the channels that meet entries of ``value`` that nobody can remove."""
    shape = (1,) * (others.ndim - len(shape_of(value))) + shape_of(value)
    met = [d for d, size in enumerate(others.shape) if size > 1 and shape[d] > 1]
    if met and (fixed < 0).all() and vary_elsewhere(others, met):
        walk.tie_along(others, met)
    elif met:
        one, other = np.broadcast_arrays(fixed, others)
        walk.pin(other[one < 0])


def _is_sum(ids: list[IntArray], maps: Sequence[Node]) -> bool:
    return shape_of(maps[0]) == shape_of(maps[1]) and all((one >= 0).any() for one in ids)
