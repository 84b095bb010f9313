"""One rule for each ATen operation: what it does to the channels it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor
from torch.fx import Node

from reidbench.engine.channels.problems import UnsupportedOperation
from reidbench.engine.channels.walk import FIXED, Walk, compact

Arguments: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[Walk, Node, Arguments], Any]
RULES: dict[str, Rule] = {}


def rule(*operations: str) -> Callable[[Rule], Rule]:
    """Register a rule for ATen operations, named without overload and in-place underscore.

    A rule takes the walk, the node and its arguments by schema name, and returns the channel
    ids of the result (a list of them where the operation makes several tensors).
    """

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(operations, function))
        return function

    return register


def visit(walk: Walk, node: Node) -> Any:
    """Return the ids of the result of ``node``; raise ``UnsupportedOperation`` without a rule."""
    arguments = _arguments(node)
    if (found := RULES.get(operation_of(node))) is not None:
        return found(walk, node, arguments)
    if any((walk.ids(value) >= 0).any() for value in node.all_input_nodes):
        raise UnsupportedOperation(
            f"operation '{node.target}' in module '{where(node)}' has no channel rule; keep it out"
            " of the embedding path, or register one with reidbench.engine.channels.rule"
        )
    return fixed_like(node)


def operation_of(node: Node) -> str:
    """Return the ATen name of ``node`` without overload and in-place underscore."""
    schema = getattr(node.target, "_schema", None)
    name = schema.name.split("::")[-1] if schema else getattr(node.target, "__name__", "")
    return str(name) if name.startswith("_") else str(name).rstrip("_")


def where(node: Node) -> str:
    """Return the dotted path of the module that runs ``node``, for messages."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack and stack[-1][0] else "the network itself"


def fixed_like(node: Node) -> Any:
    """Return ids for a result without channels: one array, or a list for several tensors."""
    value = node.meta.get("val")
    if isinstance(value, Tensor):
        return np.full((1,) * value.dim(), FIXED, dtype=np.int64)
    if isinstance(value, list | tuple):
        return [np.full((1,) * v.dim(), FIXED, dtype=np.int64) for v in value]
    return np.array(FIXED, dtype=np.int64)


def pin_inputs(walk: Walk, node: Node) -> Any:
    """Keep every channel that ``node`` reads, because it needs all of them."""
    for value in node.all_input_nodes:
        if value not in walk.held:
            walk.pin(walk.ids(value))
    return fixed_like(node)


def _arguments(node: Node) -> Arguments:
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return dict(enumerate(node.args))  # type: ignore[arg-type]
    bound: Arguments = {}
    for place, argument in enumerate(schema.arguments):
        default = argument.default_value if argument.has_default_value() else None
        given = node.args[place] if place < len(node.args) else default
        bound[argument.name] = node.kwargs.get(argument.name, given)
    return bound


@rule("getitem")
def _item(walk: Walk, node: Node, arguments: Arguments) -> Any:
    source, index = node.args
    assert isinstance(source, Node)
    assert isinstance(index, int)
    return walk.values[source][index]


# Activations without numbers of their own: their name is all there is to know.
_PLAIN = ("relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu")
_ACTIVATIONS = (*_PLAIN, "hardtanh", "gelu", "elu", "celu", "leaky_relu", "softplus")
_LAYERS = ("conv1d", "conv2d", "conv3d", "linear")
_PIECES = ("chunk", "split", "split_with_sizes", "getitem", "clone", "contiguous")
NORMS = ("batch_norm", "instance_norm")


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


def makers_of(walk: Walk, value: Any, through: Sequence[str] = ()) -> Iterator[str]:
    """Yield the convolutions and linear layers that made the channels of ``value``.

    Looks through what hands channels on one by one (cuts into pieces, depthwise convolutions) and
    through the operations named in ``through``, but through nothing that bends their values.
    """
    if not isinstance(value, Node):
        return
    operation = operation_of(value)
    if operation in _LAYERS and isinstance(weight := value.args[1], Node):
        held = walk.held[weight]
        slot = walk.slots.get((held.owner, held.name, 0))
        if slot is None or slot.role == "producer":
            yield held.owner
            return
    elif operation not in (*_PIECES, *through):
        return
    sources = value.args[0] if isinstance(value.args[0], list | tuple) else [value.args[0]]
    for source in sources:
        yield from makers_of(walk, source, through)


@rule(
    *("clamp", "clamp_min", "clamp_max"),
    *("abs", "neg", "exp", "log", "sqrt", "rsqrt", "square", "reciprocal", "softsign"),
    *("dropout", "feature_dropout", "alpha_dropout", "clone", "contiguous", "detach", "alias"),
    *("to", "_to_copy", "lift_fresh_copy"),
)
def _elementwise(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return walk.ids(node.args[0])


@rule(
    *("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "upsample_nearest2d", "pad"),
    *("upsample_bilinear2d", "max_pool1d", "avg_pool1d", "adaptive_avg_pool1d"),
)
def _over_space(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    if any(size > 1 for axis, size in enumerate(ids.shape) if axis != 1):
        return pin_inputs(walk, node)
    padding = arguments.get("pad") or ()
    # "pad" lists pairs from the last dimension back, so these are for channels and batch.
    return pin_inputs(walk, node) if any(padding[2 * (ids.ndim - 2) :]) else ids


@rule("adaptive_max_pool2d", "max_pool2d_with_indices")
def _over_space_with_indices(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = _over_space(walk, node, arguments)
    return ids if isinstance(ids, list) else [ids, ids]


@rule("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm", "norm")
def _reduction(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    dims = arguments.get("dim")
    if dims is None or dims == []:
        return pin_inputs(walk, node)
    axes = {d % ids.ndim for d in ([dims] if isinstance(dims, int) else dims)}
    if any(ids.shape[axis] > 1 for axis in axes):
        return pin_inputs(walk, node)
    return ids if arguments.get("keepdim") else ids.squeeze(tuple(axes))


@rule("softmax", "log_softmax", "_softmax", "cumsum", "logsumexp")
def _along_one_dim(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids = walk.ids(node.args[0])
    dim = arguments["dim"]
    if not isinstance(dim, int) or ids.shape[dim] > 1 or operation_of(node) == "logsumexp":
        return pin_inputs(walk, node)
    return compact(ids)


@rule("layer_norm", "group_norm", "native_layer_norm", "native_group_norm", "rms_norm", "einsum")
def _needs_every_channel(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return pin_inputs(walk, node)
