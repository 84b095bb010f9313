"""Turn what a walk collected into channel groups and their MACs model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.graph import (
    ChannelGraph,
    ChannelGroup,
    HeldSize,
    IntArray,
    Observation,
    Slice,
)
from reidbench.engine.channels.macs import MacsModel
from reidbench.engine.channels.scope import block_paths, scope_of
from reidbench.engine.channels.walk import (
    FIXED,
    Charge,
    Noted,
    Role,
    SlotKey,
    Walk,
    roots_of,
    shape_of,
)


@dataclass(frozen=True)
class _Classes:
    """Where each channel id ended up: its group, and its index in that group (or -1)."""

    group_of: IntArray
    channel_of: IntArray
    sizes: list[int]
    pinned: list[bool]

    def of(self, ids: IntArray) -> tuple[IntArray, IntArray]:
        group = np.where(ids >= 0, self.group_of[ids], FIXED)
        return group, np.where(ids >= 0, self.channel_of[ids], FIXED)

    def notes(self, noted: Sequence[Noted]) -> list[tuple[str, ...]]:
        """Return for every group the words noted about any of its channels."""
        found: list[dict[str, None]] = [{} for _ in self.sizes]
        for note in noted:
            groups = np.unique(self.group_of[note.ids])
            for group in groups[groups >= 0].tolist():
                found[group][note.words] = None
        return [tuple(words) for words in found]


def grouped(walk: Walk, output: Node, input_size: tuple[int, int, int]) -> ChannelGraph:
    """Return the channel graph of a finished walk."""
    classes = _classes(walk)
    parts = _slices(walk, classes)
    held = _held_sizes(walk, classes)
    names = _names(parts, len(classes.sizes))
    blocks = block_paths(walk.module, walk.sum_owners)
    kept_by, assumed = classes.notes(walk.pinned), classes.notes(walk.assumed)
    divides = classes.notes([Noted(ids[ids >= 0], "divides") for ids in walk.divisors])
    heads = classes.notes([Noted(ids, "heads") for ids in walk.heads])
    groups = tuple(
        replace(
            _group(walk, names[g], classes.sizes[g], classes.pinned[g], parts[g], held[g], blocks),
            kept_by=kept_by[g],
            assumed=assumed[g],
            divides=bool(divides[g]),
            unit=_unit(classes.sizes[g], parts[g]) if heads[g] else 1,
        )
        for g in range(len(classes.sizes))
    )
    macs = _macs(walk, classes, groups)
    shape = shape_of(output)
    return ChannelGraph(groups, macs, shape[min(1, len(shape) - 1)], input_size)


def _classes(walk: Walk) -> _Classes:
    """Group tied ids that appear equally often in the same weights and in the same held sizes.

    So the MACs of a group's channels are alike, and no piece of a cut map loses its last one.
    """
    roots = roots_of(walk)
    seen: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = [charge.rows for charge in walk.charges if charge.rows is not None]
    alike = [*(walk.slots[key].ids for key in _charged(walk)), *rows, *walk.sizes.values()]
    for place, ids in enumerate(alike):
        found, counts = np.unique(roots[ids[ids >= 0]], return_counts=True)
        for root, count in zip(found.tolist(), counts.tolist(), strict=True):
            seen[root].append((place, count))
    pinned = set(
        roots[np.concatenate([np.empty(0, np.int64), *(note.ids for note in walk.pinned)])].tolist()
    )
    members: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for root in sorted(seen):
        members[(root in pinned, *seen[root])].append(root)
    group_of = np.full(walk.count, FIXED, dtype=np.int64)
    channel_of = np.full(walk.count, FIXED, dtype=np.int64)
    for group, own in enumerate(members.values()):
        group_of[own], channel_of[own] = group, np.arange(len(own))
    return _Classes(
        group_of[roots],
        channel_of[roots],
        [len(own) for own in members.values()],
        [bool(signature[0]) for signature in members],
    )


def _charged(walk: Walk) -> list[SlotKey]:
    keys = [
        (charge.weight.owner, charge.weight.name, dim)
        for charge in walk.charges
        if charge.weight is not None
        for dim in (0, 1)
    ]
    return [key for key in dict.fromkeys(keys) if key in walk.slots]


def _slices(walk: Walk, classes: _Classes) -> list[list[tuple[Role, Slice]]]:
    """Return the slices of every group, with their role, in network order."""
    parts: list[list[tuple[Role, Slice]]] = [[] for _ in classes.sizes]
    for slot in walk.slots.values():
        groups, channels = classes.of(slot.ids)
        for group in np.unique(groups[groups >= 0]).tolist():
            positions = np.flatnonzero(groups == group)
            positions = positions[np.argsort(channels[positions], kind="stable")]
            cut = Slice(
                *(slot.owner, slot.tensors, slot.dim, len(slot.ids)),
                *(positions, channels[positions]),
            )
            parts[group].append((slot.role, cut))
    return parts


def _held_sizes(walk: Walk, classes: _Classes) -> list[list[HeldSize]]:
    sizes: list[list[HeldSize]] = [[] for _ in classes.sizes]
    for (owner, attribute, index), ids in walk.sizes.items():
        groups, channels = classes.of(ids.ravel())
        for group in np.unique(groups[groups >= 0]).tolist():
            sizes[group].append(HeldSize(owner, attribute, index, channels[groups == group]))
    return sizes


def _names(parts: list[list[tuple[Role, Slice]]], count: int) -> list[str]:
    """Name each group by its first producing layer, numbered where a layer makes several."""
    names: list[str] = []
    for own in parts:
        makers = [cut.owner for role, cut in own if role == "producer"] or ["input"]
        earlier = sum(name.split("[")[0] == makers[0] for name in names)
        names.append(f"{makers[0]}[{earlier + 1}]" if earlier else makers[0])
    return names


def _group(
    walk: Walk,
    name: str,
    size: int,
    pinned: bool,
    parts: list[tuple[Role, Slice]],
    held: list[HeldSize],
    blocks: frozenset[str],
) -> ChannelGroup:
    by_role: dict[Role, tuple[Slice, ...]] = {
        role: tuple(cut for own, cut in parts if own == role)
        for role in ("producer", "norm", "carrier", "consumer")
    }
    makers = by_role["producer"]
    return ChannelGroup(
        name=name,
        size=size,
        scope=scope_of({cut.owner for _, cut in parts}, blocks),
        prunable=not pinned and bool(makers),
        producers=makers,
        norms=by_role["norm"],
        carriers=by_role["carrier"],
        consumers=by_role["consumer"],
        observed=tuple(_observed(walk, cut, parts) for cut in makers),
        held_sizes=tuple(held),
    )


def _unit(size: int, parts: list[tuple[Role, Slice]]) -> int:
    """Return how many rows or columns every layer loses with one head, or a multiple of it."""
    layers = [len(cut.positions) // size for role, cut in parts if role in ("producer", "consumer")]
    return max(1, gcd(*layers))


def _observed(walk: Walk, maker: Slice, parts: list[tuple[Role, Slice]]) -> Observation:
    """Return where a producer's map is to be seen: as late as a layer shows every channel once."""
    shown_by = walk.shown_by.get(maker.owner, [])
    shows = [
        cut
        for role, cut in parts
        if role in ("norm", "carrier")
        and cut.owner in shown_by
        and np.array_equal(cut.channels, maker.channels)
    ]
    last = max(shows, key=lambda cut: shown_by.index(cut.owner), default=maker)
    return Observation(last.owner, last.positions, walk.activation_after.get(maker.owner))


def _side(walk: Walk, charge: Charge, dim: int) -> tuple[int, IntArray]:
    """Return the rows (0) or columns (1) of a charge, and the channels that they are."""
    nothing = np.empty(0, dtype=np.int64)
    if charge.rows is not None and dim == 0:
        return len(charge.rows), charge.rows
    if charge.weight is None:
        return 1, nothing
    slot = walk.slots.get((charge.weight.owner, charge.weight.name, dim))
    return charge.weight.shape[dim], slot.ids if slot else nothing


def _macs(walk: Walk, classes: _Classes, groups: tuple[ChannelGroup, ...]) -> MacsModel:
    free = [index for index, group in enumerate(groups) if group.prunable]
    sizes = np.array(classes.sizes, dtype=np.int64)[free]
    fixed: list[IntArray] = []
    multiples: list[IntArray] = []
    for dim in (0, 1):
        each = np.zeros((len(walk.charges), len(free)), dtype=np.int64)
        whole = np.ones(len(walk.charges), dtype=np.int64)
        for row, charge in enumerate(walk.charges):
            whole[row], ids = _side(walk, charge, dim)
            found = classes.of(ids)[0]
            counts = np.bincount(found[found >= 0], minlength=len(groups))
            each[row] = counts[free] // sizes
        fixed.append(whole - each @ sizes)
        multiples.append(each)
    return MacsModel(
        names=tuple(groups[index].name for index in free),
        sizes=sizes,
        factor=np.array([charge.factor for charge in walk.charges], dtype=np.int64),
        fixed_rows=fixed[0],
        group_rows=multiples[0],
        fixed_columns=fixed[1],
        group_columns=multiples[1],
    )
