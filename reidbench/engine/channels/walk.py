"""What a walk over a captured graph knows about channels so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from torch import Tensor, nn
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray

Role: TypeAlias = Literal["producer", "norm", "carrier", "consumer"]
SlotKey: TypeAlias = tuple[str, str, int]
FIXED = -1  # the id of a position that belongs to no channel group


@dataclass(frozen=True)
class Held:
    """A parameter or buffer, named by the module that holds it."""

    owner: str
    name: str
    shape: tuple[int, ...]
    parameter: bool = False


@dataclass
class Slot:
    """One dimension of a layer's tensors and the channel id at each of its positions."""

    owner: str
    tensors: tuple[str, ...]
    dim: int
    role: Role
    ids: IntArray


@dataclass(frozen=True)
class Charge:
    """A counted operation: ``factor`` times the rows and columns of its weight.

    An attention product has no weight; its ``rows`` are the ids of the heads, one each. ``factor``
    is for one image; ``whole`` is what the operation costs as it was captured.
    """

    factor: int
    weight: Held | None
    whole: int
    rows: IntArray | None = None


@dataclass(frozen=True)
class Noted:
    """Channel ids, and what an operation does with them, in words."""

    ids: IntArray
    words: str


@dataclass(frozen=True)
class View:
    """A reshaping, with the channel ids of its input and of its result."""

    node: Node
    before: IntArray
    after: IntArray


@dataclass
class Walk:
    """Collect ids, ties and slots while rules visit the nodes in order.

    Each activation carries an array of channel ids with as many dimensions as the tensor, of
    size 1 along those where the id does not change: (1, C, 1, 1) for a feature map. So a view,
    a slice or a concatenation of a tensor is the same operation on its ids.
    """

    module: nn.Module
    held: dict[Node, Held]
    batch: int
    training: bool = False
    node: Node | None = None
    values: dict[Node, Any] = field(default_factory=dict)
    from_images: set[Node] = field(default_factory=set)
    vectors: dict[Node, tuple[tuple[Held, int], ...]] = field(default_factory=dict)
    count: int = 0
    ties: list[tuple[IntArray, IntArray]] = field(default_factory=list)
    pinned: list[Noted] = field(default_factory=list)
    assumed: list[Noted] = field(default_factory=list)
    divisors: list[IntArray] = field(default_factory=list)
    slots: dict[SlotKey, Slot] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    sum_owners: set[str] = field(default_factory=set)
    shown_by: dict[str, list[str]] = field(default_factory=dict)
    activation_after: dict[str, str] = field(default_factory=dict)
    sizes: dict[tuple[str, str, int | None], IntArray] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    heads: list[IntArray] = field(default_factory=list)

    def fresh(self, size: int) -> IntArray:
        """Return ``size`` new channel ids."""
        self.count += size
        return np.arange(self.count - size, self.count, dtype=np.int64)

    def tie(self, first: IntArray, second: IntArray) -> None:
        """Make the channels of two broadcastable id arrays one, position by position."""
        first, second = np.broadcast_arrays(first, second)
        both = (first >= 0) & (second >= 0) & (first != second)
        if both.any():
            self.ties.append((first[both], second[both]))

    def pin(self, ids: IntArray, why: str = "") -> None:
        """Forbid pruning the channels of ``ids``, because the present operation needs them all."""
        self.pinned.append(Noted(np.unique(ids[ids >= 0]), why or described(self.node)))

    def assume(self, ids: IntArray, what: str) -> None:
        """Note that the channels of ``ids`` may go only if the code computes ``what``.

        Nothing in a captured graph tells a computed number from a literal one; the guard does.
        """
        words = f"{described(self.node)} {what}"
        self.assumed.append(Noted(np.unique(ids[ids >= 0]), words))

    def charge(
        self, node: Node, count: int, weight: Held | None = None, rows: IntArray | None = None
    ) -> None:
        """Count ``count`` multiply-accumulates, for each entry of ``weight`` or of ``rows``.

        An operation on parameters alone costs as much for a batch as for one image.
        """
        each = count // self.batch if node in self.from_images else count
        entries = weight.shape[0] * weight.shape[1] if weight else 1
        entries = entries if rows is None else len(rows)
        self.charges.append(Charge(each, weight, count * entries, rows))

    def tie_along(self, ids: IntArray, axes: Iterable[int]) -> IntArray:
        """Make the channels along ``axes`` one, because an operation needs all of them together.

        They still go with those of the other axes, a head at a time. Returns ids of size 1 there.
        """
        axes = {axis % ids.ndim for axis in axes}
        first = ids[tuple(slice(0, 1 if d in axes else None) for d in range(ids.ndim))]
        self.tie(first, ids)
        if (ids < 0).any():
            self.pin(ids)
        return first

    def claim(
        self, owner: str, tensors: Sequence[str], dim: int, role: Role, ids: IntArray
    ) -> IntArray:
        """Say which channels a dimension of a layer holds; a layer used again ties its uses."""
        key = (owner, tensors[0] if tensors else "", dim)
        slot = self.slots.setdefault(key, Slot(owner, tuple(tensors), dim, role, ids))
        self.tie(slot.ids, ids)
        return slot.ids

    def ids(self, node: Any) -> IntArray:
        """Return the ids of an argument; a number, parameter or constant has none."""
        if not isinstance(node, Node):
            return np.array(FIXED, dtype=np.int64)
        if (held := self.held.get(node)) is not None:
            return np.full((1,) * len(held.shape), FIXED, dtype=np.int64)
        value: IntArray = self.values[node]
        return value

    def along(self, node: Node, dim: int) -> IntArray:
        """Return the ids along ``dim``, one a position; pin those that also vary elsewhere."""
        ids, shape = self.ids(node), shape_of(node)
        dim %= len(shape)
        if any(size > 1 for axis, size in enumerate(ids.shape) if axis != dim):
            self.pin(ids)
            return np.full(shape[dim], FIXED, dtype=np.int64)
        return np.broadcast_to(ids.reshape(-1), (shape[dim],)).copy()


def shape_of(node: Node) -> tuple[int, ...]:
    """Return the shape of the tensor a node makes."""
    value = node.meta["val"]
    assert isinstance(value, Tensor), node
    return tuple(int(size) for size in value.shape)


def vary_elsewhere(ids: IntArray, axes: Iterable[int]) -> bool:
    """Return whether ``ids`` change along other axes than ``axes``."""
    axes = {axis % ids.ndim for axis in axes}
    return any(size > 1 for axis, size in enumerate(ids.shape) if axis not in axes)


def compact(ids: IntArray) -> IntArray:
    """Shrink to size 1 every dimension along which ``ids`` do not change."""
    for axis, size in enumerate(ids.shape):
        first = ids.take([0], axis) if size else ids
        if size > 1 and bool((ids == first).all()):
            ids = first
    return ids


def on_axis(ids: IntArray, dim: int, dims: int) -> IntArray:
    """Return one-dimensional ``ids`` along dimension ``dim`` of ``dims``."""
    shape = [1] * dims
    shape[dim] = -1
    return ids.reshape(shape)


def described(node: Node | None) -> str:
    """Return the operation of ``node`` and the module that runs it, for messages."""
    return f"'{node.target}' in module '{where(node)}'" if node is not None else ""


def where(node: Node) -> str:
    """Return the dotted path of the module that runs ``node``, for messages."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack and stack[-1][0] else "the network itself"


def roots_of(walk: Walk) -> IntArray:
    """Return for every id the smallest id it is tied to (union-find with path halving)."""
    parent = list(range(walk.count))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for first, second in walk.ties:
        for a, b in zip(first.ravel().tolist(), second.ravel().tolist(), strict=True):
            low, high = sorted((find(a), find(b)))
            parent[high] = low
    return np.array([find(item) for item in range(walk.count)], dtype=np.int64)


def running_module(node: Node) -> str:
    """Return the path of the innermost module whose forward runs ``node``."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    # A module called again appears as "gate@1".
    return str(stack[-1][0]).split("@")[0] if stack else ""
