"""The rules of normalisation: by channel, by batch statistics, by groups of channels."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.fx import Node

from reidbench.engine.channels.cut_rules import hold
from reidbench.engine.channels.layer_rules import TIED_BY, show, tied_blocks
from reidbench.engine.channels.problems import UnsupportedOperation
from reidbench.engine.channels.rules import NORMS, Arguments, pin_inputs, rule
from reidbench.engine.channels.vectors import vector_of
from reidbench.engine.channels.walk import (
    Walk,
    on_axis,
    running_module,
    shape_of,
    vary_elsewhere,
    where,
)


@rule(*NORMS)
def _norm(walk: Walk, node: Node, arguments: Arguments) -> Any:
    names = ("weight", "bias", "running_mean", "running_var")
    given = [arguments[name] for name in names if arguments[name] is not None]
    held = [walk.held[value] for value in given if value in walk.held]
    source = walk.along(arguments["input"], 1)
    if len(held) < len(given) or not all(tensor.name for tensor in held):
        return _computed(walk, node, given)
    owner = held[0].owner if held else running_module(node)
    own = tuple(tensor.name for tensor in held if tensor.owner == owner)
    slot = walk.claim(owner, own, 0, "norm", source)
    for tensor in held:
        if tensor.owner != owner or tensor.name not in own:
            walk.claim(tensor.owner, (tensor.name,), 0, "carrier", slot)
    show(walk, arguments["input"], owner)
    return on_axis(source, 1, len(shape_of(node)))


def _computed(walk: Walk, node: Node, given: list[Node]) -> Any:
    """Carry scales computed from parameters along; refuse those computed from images."""
    source = walk.along(node.args[0], 1)  # type: ignore[arg-type]
    for value in given:
        found = vector_of(walk, value)
        if not found and value in walk.from_images:
            raise UnsupportedOperation(
                f"the scale of the norm in module '{where(node)}' is computed from the images;"
                " keep it out of the embedding path"
            )
        if not found:
            walk.pin(source)
        for held, dim in found:
            walk.claim(held.owner, (held.name,), dim, "carrier", source)
    return on_axis(source, 1, len(shape_of(node)))


@rule("group_norm", "native_group_norm")
def _group_norm(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Let whole groups go: the statistics of the others do not change."""
    owner, count = running_module(node), arguments.get("num_groups")
    layer = walk.module.get_submodule(owner)
    plain = isinstance(layer, nn.GroupNorm)
    if count is None or (count == 1 and not (plain and hasattr(layer, TIED_BY))):
        return pin_inputs(walk, node)
    source = walk.along(arguments["input"], 1)
    blocks = tied_blocks(walk, source, count)
    given = [arguments[name] for name in ("weight", "bias") if arguments[name] is not None]
    held = [walk.held[value] for value in given if value in walk.held]
    if len(held) < len(given) or any(not tensor.name or tensor.owner != owner for tensor in held):
        return pin_inputs(walk, node)
    walk.claim(owner, tuple(tensor.name for tensor in held), 0, "norm", source)
    if not plain:
        hold(walk, node, count, None, blocks[:, 0])
    show(walk, arguments["input"], owner)
    return on_axis(source, 1, len(shape_of(node)))


@rule("layer_norm", "rms_norm")
def _layer_norm(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Keep what is normalised together, which is a head where heads are normalised one by one."""
    ids = walk.ids(arguments["input"])
    axes = range(-len(arguments["normalized_shape"]), 0)
    if not vary_elsewhere(ids, axes):
        return pin_inputs(walk, node)
    return walk.tie_along(ids, axes)
