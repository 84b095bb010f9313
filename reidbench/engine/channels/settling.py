"""Views that split channels, or join them again: which of them can follow when channels go."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType
from typing import cast

import numpy as np
from torch import nn
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.multihead import HeadwiseAttention, is_plain
from reidbench.engine.channels.rules import operation_of
from reidbench.engine.channels.walk import (
    Noted,
    View,
    Walk,
    compact,
    described,
    roots_of,
    running_module,
    shape_of,
)

PIECES = 3
"""A part of so few is one of queries, keys and values, whose number stands in the code."""


def settle_views(walk: Walk) -> None:
    """Keep the channels of every view that splits or joins them otherwise than head by head.

    Reads all ties, so it comes after the last rule. When whole entries of one dimension go, and of
    one alone, the view of what is left is what is left of the view. Its numbers have to follow:
    each is -1, or one that the module holds and surgery changes. Others look computed from the
    width of something else (``C // heads``) and keep the channels.
    """
    if not any(_is_split(view.before) or _is_split(view.after) for view in walk.views):
        return
    roots = roots_of(walk)
    heads = np.unique(roots[np.concatenate([np.empty(0, np.int64), *walk.heads])])
    for view in walk.views:
        after = _by_root(roots, view.after)
        split = _is_split(view.before) or _is_split(view.after)
        if (split or np.isin(after[after >= 0], heads).any()) and not _follows(walk, view, roots):
            _keep(walk, view.node, view.before)
            _keep(walk, view.node, view.after)


def _keep(walk: Walk, node: Node, ids: IntArray) -> None:
    walk.pinned.append(Noted(np.unique(ids[ids >= 0]), described(node)))


def _follows(walk: Walk, view: View, roots: IntArray) -> bool:
    """Return whether a view is right when channels go; note the numbers that go with them."""
    before, after = _by_root(roots, view.before), _by_root(roots, view.after)
    axes = [axis for axis, size in enumerate(after.shape) if size > 1]
    if len(axes) != 1 or _is_split(before) or (after < 0).any():
        return False
    for axis, number in enumerate(_numbers(view.node)):
        if number == -1 or view.after.shape[axis] == 1:
            continue
        if axis != axes[0]:
            if number > PIECES and not _fixed(walk, view.node, number):
                return False
        elif not _noted(
            walk, view.node, number, after.ravel(), roots, alone=after.size <= before.size
        ):
            return False
    return True


def _fixed(walk: Walk, node: Node, number: int) -> bool:
    """Return whether a number is the module's own, or that of a few pieces of it."""
    shares = (number // pieces for pieces in range(1, PIECES + 1) if number % pieces == 0)
    return any(_holding(walk, node, share) for share in shares)


def _numbers(node: Node) -> list[int]:
    """Return the sizes that the code gives to each dimension of a view, -1 for free ones."""
    given, shape = node.args[1:], shape_of(node)
    sizes = next((list(one) for one in given if isinstance(one, list | tuple)), [])
    if operation_of(node) == "unflatten":
        dim = cast(int, node.args[1]) % (len(shape) - len(sizes) + 1)
        sizes = [-1] * dim + sizes + [-1] * (len(shape) - dim - len(sizes))
    return [cast(int, size) for size in sizes]


def _noted(
    walk: Walk, node: Node, number: int, ids: IntArray, roots: IntArray, *, alone: bool
) -> bool:
    """Note the attributes that count ``ids``: heads ``alone``, or times their size.

    Returns whether there are any, and whether they count nothing else.
    """
    names = _holding(walk, node, number)
    if len(names) > 1:
        names = [name for name in names if alone and "head" in name and "dim" not in name]
    owner = running_module(node)
    for name in names:
        known = walk.sizes.setdefault((owner, name, None), ids)
        if not np.array_equal(_by_root(roots, known).ravel(), ids):
            _keep(walk, node, known)  # one number cannot count both
            return False
    for name in names:
        words = f"{described(node)} seems to take the number {number} from the attribute '{name}'"
        walk.assumed.append(Noted(np.unique(ids), words))
    return bool(names)


def _holding(walk: Walk, node: Node, number: int) -> list[str]:
    """Return the attributes of the running module that hold ``number`` and that its code reads."""
    part = walk.module.get_submodule(running_module(node))
    names = [name for name, value in vars(part).items() if type(value) is int and value == number]
    kind = HeadwiseAttention if is_plain(part) else type(part)
    return [name for name in names if name in _read(kind)] if names else []


def _read(kind: type) -> set[str]:
    """Return the names that the methods of a module's class read once it is made."""
    own = [name for name in dir(kind) if name != "__init__" and name not in vars(nn.Module)]
    codes = [getattr(getattr(kind, name), "__code__", None) for name in (*own, "forward")]
    return {name for code in codes if code is not None for name in _names(code)}


def _names(code: CodeType) -> Iterator[str]:
    """Yield what a function reads, and what comprehensions and lambdas in it read."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _is_split(ids: IntArray) -> bool:
    """Return whether channels vary along more than one dimension."""
    return bool(sum(size > 1 for size in ids.shape) > 1)


def _by_root(roots: IntArray, ids: IntArray) -> IntArray:
    return compact(np.where(ids >= 0, roots[ids], ids))
