"""Multiply-accumulates of one operation as torch's own counter counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Node
from torch.fx.node import map_arg
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from reidbench.engine.channels.problems import CaptureError
from reidbench.engine.channels.walk import Walk, described

# They multiply and accumulate, and torch's counter leaves them out.
_UNCOUNTED = frozenset(
    {"mv", "dot", "vdot", "inner", "addmv", "addbmm", "cdist", "_cdist_forward", "bilinear"}
    | {"_trilinear", "conv_tbc"}
)
# The rules of these never charge anything, and asking torch about each would take long.
_FREE = frozenset(
    {"add", "sub", "mul", "div", "cat", "relu", "relu6", "hardtanh", "sigmoid", "silu", "gelu"}
    | {"hardswish", "hardsigmoid", "batch_norm", "layer_norm", "group_norm", "instance_norm"}
    | {"view", "reshape", "flatten", "permute", "transpose", "split", "split_with_sizes", "chunk"}
    | {"getitem", "slice", "select", "clone", "contiguous", "dropout", "mean", "softmax", "pad"}
    | {"max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "expand", "unsqueeze", "squeeze"}
    | {"roll", "unbind", "to", "_to_copy", "arange", "full", "zeros", "ones", "lift_fresh_copy"}
    | {"exp", "pow", "cos", "sin", "stack", "where", "rsqrt", "sqrt", "tanh", "clamp", "index"}
)


def check_charges(walk: Walk, node: Node, operation: str, start: int) -> None:
    """Check what the rule of ``node`` charged since ``start`` against torch's counter.

    An operation whose rule charged nothing is charged as torch counts it, at a fixed price; the
    guard finds where the price depends on channels that may go. Raises ``CaptureError`` for a
    difference.
    """
    if operation in _FREE:
        return
    charged = sum(charge.whole for charge in walk.charges[start:])
    if node in walk.from_images and _unseen(node, operation):
        raise CaptureError(
            f"operation {described(node)} multiplies and accumulates, and torch's counter does not"
            " see it; write it as a product of matrices, or keep it out of the embedding path"
        )
    counts = _counted(node)
    counted = sum(counts.values())
    if charged and charged != counted:
        raise CaptureError(
            f"operation {described(node)} costs {charged} multiply-accumulates, and torch's counter"
            f" sees {counted}; keep it out of the embedding path, or register a rule that counts it"
        )
    if counted and not charged:
        walk.charge(node, counted)
    if node in walk.from_images and counted % walk.batch:
        raise CaptureError(
            f"operation {described(node)} costs {counted} multiply-accumulates for {walk.batch}"
            " images, which is not a whole number for each; no image may depend on another"
        )
    images = walk.batch if node in walk.from_images else 1
    walk.counted.update({name: count // images for name, count in counts.items()})


def check_total(walk: Walk, input_size: tuple[int, int, int]) -> None:
    """Check the whole network, run on one image, against what was counted of its operations.

    Where no kernels for shapes alone exist, the operations that were checked one by one are all
    there is to compare with.
    """
    found = _whole(walk.module, input_size)
    if found is None:
        return
    own, alone = sum(walk.counted.values()), sum(found.values())
    if own != alone:
        names = sorted(n for n in {*found, *walk.counted} if found[n] != walk.counted[n])
        raise CaptureError(
            f"operations {', '.join(names)} of {type(walk.module).__name__} bring the network to"
            f" {own} multiply-accumulates for each of {walk.batch} images, and torch's counter sees"
            f" {alone} for one alone; no image may depend on another, and no operation on the batch"
        )


def _whole(module: nn.Module, input_size: tuple[int, int, int]) -> Counter[str] | None:
    like = next(module.parameters(), torch.zeros(()))
    images = torch.empty((1, *input_size), device="meta", dtype=like.dtype)
    counter = FlopCounterMode(display=False)
    try:
        with shapes_alone(module), counter, torch.no_grad(), slow_attention():
            module(images)
    except Exception:
        return None
    return _by_operation(counter)


@contextmanager
def shapes_alone(module: nn.Module) -> Iterator[None]:
    """Run with parameters and buffers that have shapes and no numbers, then put them back.

    Not by ``functional_call``, which leaves modules changed that hold one weight twice.
    """
    parts = [(part._parameters, part._buffers) for part in module.modules()]
    before = [(dict(parameters), dict(buffers)) for parameters, buffers in parts]
    made: dict[int, nn.Parameter] = {}
    try:
        for parameters, buffers in parts:
            for own in (parameters, buffers):
                for name, tensor in own.items():
                    if tensor is not None and id(tensor) not in made:
                        empty = torch.empty_like(tensor, device="meta")
                        made[id(tensor)] = nn.Parameter(empty, requires_grad=False)
                    own[name] = None if tensor is None else made[id(tensor)]
        yield
    finally:
        for (parameters, buffers), (old_parameters, old_buffers) in zip(parts, before, strict=True):
            parameters.update(old_parameters)
            buffers.update(old_buffers)


@contextmanager
def slow_attention() -> Iterator[None]:
    """Run attention step by step; its fast paths hide their multiply-accumulates."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _unseen(node: Node, operation: str) -> bool:
    operands = [value.meta.get("val") for value in node.all_input_nodes[:2]]
    vector = any(isinstance(value, Tensor) and value.dim() == 1 for value in operands)
    return operation in _UNCOUNTED or (vector and operation in ("matmul", "linear"))


def _counted(node: Node) -> Counter[str]:
    """Return the multiply-accumulates of ``node`` at its captured shapes, by kernel."""
    args, kwargs = map_arg((node.args, node.kwargs), lambda made: _meta(made.meta.get("val")))
    target: Any = node.target
    if "device" in kwargs:
        kwargs = {**kwargs, "device": "meta"}
    counter = FlopCounterMode(display=False)
    try:
        with counter, torch.no_grad(), slow_attention():
            target(*args, **kwargs)
    except Exception as problem:
        raise CaptureError(
            f"operation {described(node)} cannot be counted"
            f" ({' '.join(str(problem).split())[:120]}); keep it out of the embedding path"
        ) from problem
    return _by_operation(counter)


def _by_operation(counter: FlopCounterMode) -> Counter[str]:
    counts = counter.get_flop_counts().get("Global", {})
    return Counter({str(name): int(flops) // 2 for name, flops in counts.items()})


def _meta(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_meta(one) for one in value]
    if not isinstance(value, Tensor):
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
