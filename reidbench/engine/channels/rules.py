"""The registry of rules: for each ATen operation, what it does to the channels it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor, nn
from torch.fx import Node

from reidbench.engine.channels.counting import check_charges
from reidbench.engine.channels.multihead import HeadwiseAttention, is_plain
from reidbench.engine.channels.problems import UnsupportedOperation
from reidbench.engine.channels.vectors import follow
from reidbench.engine.channels.walk import FIXED, Walk, described, running_module

Arguments: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[Walk, Node, Arguments], Any]
RULES: dict[str, Rule] = {}
NORMS = ("batch_norm", "instance_norm")

_LAYERS = ("conv1d", "conv2d", "conv3d", "linear")
_PIECES = ("chunk", "split", "split_with_sizes", "getitem", "clone", "contiguous")
# Modules that check the width of their input against a number of their own.
_RIGID = (nn.MultiheadAttention, nn.RNNBase, nn.Bilinear)


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
    """Return the ids of the result of ``node``, and count its multiply-accumulates.

    Raises ``UnsupportedOperation`` for an operation without rule that reads channels, and
    ``CaptureError`` for one whose multiply-accumulates torch counts differently.
    """
    walk.node = node
    if any(value in walk.from_images for value in node.all_input_nodes):
        walk.from_images.add(node)
    charged = len(walk.charges)
    result = _visited(walk, node)
    if walk.training:  # what training alone runs costs nothing when images are embedded
        del walk.charges[charged:]
    else:
        check_charges(walk, node, operation_of(node), charged)
    return result


def _visited(walk: Walk, node: Node) -> Any:
    arguments = _arguments(node)
    part = walk.module.get_submodule(running_module(node))
    rigid = isinstance(part, _RIGID) and not (is_plain(part) or isinstance(part, HeadwiseAttention))
    if rigid:
        pin_inputs(walk, node)
    if follow(walk, node, operation_of(node)):
        return fixed_like(node)
    if (found := RULES.get(operation_of(node))) is not None:
        result = found(walk, node, arguments)
        for ids in (result if isinstance(result, list) else [result]) if rigid else ():
            walk.pin(ids)
        return result
    known = str(node.target).startswith(("aten.", "<"))
    if not known or any((walk.ids(value) >= 0).any() for value in node.all_input_nodes):
        raise UnsupportedOperation(
            f"operation {described(node)} has no channel rule; keep it out"
            " of the embedding path, or register one with reidbench.engine.channels.rule"
        )
    return fixed_like(node)


def operation_of(node: Node) -> str:
    """Return the ATen name of ``node`` without overload and in-place underscore."""
    schema = getattr(node.target, "_schema", None)
    name = schema.name.split("::")[-1] if schema else getattr(node.target, "__name__", "")
    return str(name) if name.startswith("_") else str(name).rstrip("_")


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
            found = walk.values[value]
            for ids in found if isinstance(found, list) else [found]:
                walk.pin(ids)
    return fixed_like(node)


def makers_of(walk: Walk, value: Any, through: Sequence[str] = ()) -> Iterator[str]:
    """Yield the convolutions and linear layers that made the channels of ``value``.

    Looks through what hands channels on one by one (cuts into pieces, depthwise convolutions) and
    through the operations named in ``through``, but through nothing that bends their values.
    """
    if not isinstance(value, Node):
        return
    operation = operation_of(value)
    if operation in _LAYERS and isinstance(weight := value.args[1], Node):
        held = walk.held.get(weight)
        slot = walk.slots.get((held.owner, held.name, 0)) if held else None
        if held and (slot is None or slot.role == "producer"):
            yield held.owner
            return
    elif operation not in (*_PIECES, *through):
        return
    sources = value.args[0] if isinstance(value.args[0], list | tuple) else [value.args[0]]
    for source in sources:
        yield from makers_of(walk, source, through)


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
