"""Capture a network as a channel graph by walking its torch.export graph."""

from __future__ import annotations

import io
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import replace
from fnmatch import fnmatchcase as fnmatch
from math import prod

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram, export
from torch.fx import Node
from torch.nn.parameter import UninitializedParameter
from torch.utils import _pytree as pytree

# Imported for the rules they register.
import reidbench.engine.channels.attention_rules
import reidbench.engine.channels.cut_rules
import reidbench.engine.channels.elementwise_rules
import reidbench.engine.channels.layer_rules
import reidbench.engine.channels.norm_rules
import reidbench.engine.channels.space_rules
import reidbench.engine.channels.view_rules  # noqa: F401
from reidbench.engine.channels.counting import check_total, slow_attention
from reidbench.engine.channels.graph import ChannelGraph
from reidbench.engine.channels.grouping import grouped
from reidbench.engine.channels.multihead import headwise
from reidbench.engine.channels.problems import CaptureError
from reidbench.engine.channels.rules import pin_inputs, visit
from reidbench.engine.channels.settling import settle_views
from reidbench.engine.channels.walk import Held, Walk, on_axis, shape_of

BATCH = 2  # one would be mistaken for a dimension to broadcast


def capture(
    module: nn.Module, input_size: tuple[int, int, int], *, keep: Sequence[str] = ()
) -> ChannelGraph:
    """Return the channel groups and MACs of ``module``'s embedding path at (C, H, W).

    The module runs in eval mode on a batch of fake images and returns a tensor, or tuples and
    dicts of tensors, whose channels all stay; flags, hooks and parameters are as before
    afterwards. What the layers make whose
    paths match a pattern in ``keep`` ("head.*") is not prunable. A captured graph does not tell
    a number that the code computes from one that is written in it: ``guard`` does.

    Raises ``CaptureError`` for a network ``torch.export`` cannot read, and for one whose
    multiply-accumulates torch counts differently; ``UnsupportedOperation`` for an operation
    without rule.
    """
    _refuse_lazy(module)
    walk, outputs = _walked(module, _exported(module, input_size))
    with _undisturbed(module):
        check_total(walk, input_size)
    if any(held.parameter and not node.users for node, held in walk.held.items()):
        _walk_training(walk, module, input_size)
    settle_views(walk)
    for slot in walk.slots.values():
        asked = [pattern for pattern in keep if fnmatch(slot.owner, pattern)]
        if slot.role == "producer" and asked:
            walk.pin(slot.ids, f"kept as asked ({', '.join(asked)})")
    return grouped(walk, outputs[0], input_size)


def _refuse_lazy(module: nn.Module) -> None:
    for path, part in module.named_modules():
        if any(isinstance(p, UninitializedParameter) for p in part.parameters(recurse=False)):
            raise CaptureError(
                f"module '{path or 'the network itself'}' ({type(part).__name__}) has no shape"
                " yet; run the network once on a batch of images before capturing it"
            )


def _walk_training(walk: Walk, module: nn.Module, input_size: tuple[int, int, int]) -> None:
    """Tie in what runs in training alone (auxiliary heads), so that the smaller network trains.

    It costs nothing when images are embedded, and what it puts out keeps its width. A training
    forward that needs more than images stays unseen.
    """
    with suppress(CaptureError):
        program = _exported(module, input_size, training=True)
        seen = replace(
            walk,
            held=_held(program),
            training=True,
            activation_after=dict(walk.activation_after),
            sum_owners=set(walk.sum_owners),
        )
        try:
            for node in program.graph.nodes:
                if node.op == "output":
                    pin_inputs(seen, node)
                else:
                    _walk_node(seen, node)
        finally:
            walk.count = seen.count


def _exported(
    module: nn.Module, input_size: tuple[int, int, int], *, training: bool = False
) -> ExportedProgram:
    like = next(module.parameters(), torch.zeros(()))
    images = torch.zeros((BATCH, *input_size), dtype=like.dtype, device=like.device)
    said = io.StringIO()
    with _undisturbed(module, training=training), torch.no_grad(), slow_attention():
        try:
            # Where it fails, torch prints the half-made graph, and the error says what is wrong.
            with redirect_stderr(said):
                program = export(module, (images,), strict=False)
        except Exception as problem:
            reason = str(problem).strip().splitlines()[0] if str(problem).strip() else ""
            raise CaptureError(
                f"{type(module).__name__} cannot be captured at {input_size}:"
                f" {_apart(module) or reason or repr(problem)};"
                " its eval forward must run on a batch of images of that size and must not"
                " branch on their values"
            ) from problem
    sys.stderr.write(said.getvalue())
    return program


def _apart(module: nn.Module) -> str:
    """Say which tensors are on different devices, and what to do; nothing if none are."""
    first = {
        tensor.device: name
        for name, tensor in reversed([*module.named_parameters(), *module.named_buffers()])
        if tensor.dim()
    }
    if len(first) < 2:
        return ""
    where = " and ".join(f"'{name}' on '{device}'" for device, name in first.items())
    return f"it is on several devices ({where}); move it to one with network.to(device)"


@contextmanager
def _undisturbed(module: nn.Module, *, training: bool = False) -> Iterator[None]:
    """Run in one mode without hooks, attention head by head, and put all of it back."""
    parts = list(module.modules())
    flags = [part.training for part in parts]
    hooks = [(part._forward_hooks, part._forward_pre_hooks) for part in parts]
    try:
        for part in parts:
            part.training = training
            part._forward_hooks, part._forward_pre_hooks = OrderedDict(), OrderedDict()
        with headwise(module):
            yield
    finally:
        for part, flag, (after, before) in zip(parts, flags, hooks, strict=True):
            part.training = flag
            part._forward_hooks, part._forward_pre_hooks = after, before


def _walked(module: nn.Module, program: ExportedProgram) -> tuple[Walk, list[Node]]:
    walk = Walk(module, _held(program), BATCH)
    outputs: list[Node] = []
    for node in program.graph.nodes:
        if node.op == "output":
            outputs = _outputs(module, node)
        else:
            _walk_node(walk, node)
    for output in outputs:
        walk.pin(walk.ids(output), "the embedding" if len(outputs) == 1 else "an output")
    return walk, outputs


def _walk_node(walk: Walk, node: Node) -> None:
    if node.op == "placeholder" and node not in walk.held:
        pixels = shape_of(node)
        walk.values[node] = on_axis(walk.fresh(pixels[1]), 1, len(pixels))
        walk.from_images.add(node)
        walk.pin(walk.values[node], "the image")
    elif node.op == "call_function":
        walk.values[node] = visit(walk, node)


def _held(program: ExportedProgram) -> dict[Node, Held]:
    signature = program.graph_signature
    names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    constants = signature.inputs_to_lifted_tensor_constants
    held = {}
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in names:
            owner, _, name = names[node.name].rpartition(".")
            parameter = node.name in signature.inputs_to_parameters
            held[node] = Held(owner, name, shape_of(node), parameter)
        elif node.op == "placeholder" and node.name in constants:
            held[node] = Held("", "", shape_of(node))
    return held


def _outputs(module: nn.Module, output: Node) -> list[Node]:
    """Return the tensors that a network puts out, in their order."""
    found = [
        node
        for node in pytree.tree_leaves(output.args)
        if isinstance(node, Node)
        and isinstance(value := node.meta.get("val"), Tensor)
        and value.dim() > 0
        and prod(value.shape) > 0
    ]
    if not found:
        raise CaptureError(
            f"{type(module).__name__} must return a tensor, or tuples and dicts of tensors, in eval"
            " mode; wrap it in a module that does"
        )
    return found
