"""The channel graph: which parameter slices must go together (imports no torch)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from reidbench.engine.channels.macs import MacsModel
from reidbench.engine.channels.problems import ScopeError

IntArray: TypeAlias = npt.NDArray[np.int64]
Scope: TypeAlias = Literal["inner", "all"]


@dataclass(frozen=True, eq=False)
class Slice:
    """Tie positions along one dimension of a layer's tensors to the channels of a group.

    ``positions[i]`` of dimension ``dim`` of every tensor in ``tensors`` of module ``owner``
    belongs to channel ``channels[i]``; a channel may own several positions (a flattened map).
    Sorted by channel, then position. ``length`` is the whole dimension's size.
    """

    owner: str
    tensors: tuple[str, ...]
    dim: int
    length: int
    positions: IntArray
    channels: IntArray


@dataclass(frozen=True, eq=False)
class HeldSize:
    """Name a module's number, or one entry of its list, that counts channels of a group.

    ``channels`` lists the group's channels it counts; the number falls by one for each removed.
    """

    owner: str
    attribute: str
    index: int | None
    channels: IntArray


@dataclass(frozen=True, eq=False)
class Observation:
    """Name the module whose output, at ``positions`` of dimension 1, is a group's feature map.

    ``activation`` names the function that the map goes through next, if it does.
    """

    owner: str
    positions: IntArray
    activation: str | None = None


@dataclass(frozen=True, eq=False)
class ChannelGroup:
    """Hold the coupled slices of one set of channels.

    ``producers`` make the channels (rows of a convolution or linear layer), ``norms`` and
    ``carriers`` (depthwise and block-grouped convolutions, per-channel parameters) pass them on,
    ``consumers`` read them (columns). ``observed`` has one entry for each producer. ``kept_by``
    says what keeps a group that is not prunable, ``assumed`` what has to be true of the code for
    its channels to go (see ``guard``). ``divides`` marks channels that something is divided by,
    or that an operation is undefined for at 0. ``unit`` is how many rows and columns of layers
    one channel stands for: 1, but for what goes in blocks (64 for an attention head of 64).
    """

    name: str
    size: int
    scope: Literal["inner", "stream"]
    prunable: bool
    producers: tuple[Slice, ...]
    norms: tuple[Slice, ...]
    carriers: tuple[Slice, ...]
    consumers: tuple[Slice, ...]
    observed: tuple[Observation, ...]
    held_sizes: tuple[HeldSize, ...]
    kept_by: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    divides: bool = False
    unit: int = 1

    @property
    def slices(self) -> Iterator[Slice]:
        """Iterate over every slice of the group."""
        yield from (*self.producers, *self.norms, *self.carriers, *self.consumers)


@dataclass(frozen=True, eq=False)
class ChannelGraph:
    """Hold every channel group of a network's embedding path, in network order, and its MACs."""

    groups: tuple[ChannelGroup, ...]
    macs: MacsModel
    embedding_size: int
    input_size: tuple[int, int, int]

    @property
    def widths(self) -> dict[str, int]:
        """Return the size of each prunable group."""
        return {group.name: group.size for group in self.groups if group.prunable}

    def group(self, name: str) -> ChannelGroup:
        """Return the group called ``name``; raise ``KeyError`` if there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(name)

    def in_scope(self, scope: Scope) -> tuple[ChannelGroup, ...]:
        """Return the groups that may be pruned under ``scope``, in network order.

        Raises ``ScopeError`` for an unknown scope and for one that holds nothing.
        """
        if scope not in ("inner", "all"):
            raise ScopeError(f"scope '{scope}' does not exist; use 'inner' or 'all'")
        prunable = [group for group in self.groups if group.prunable]
        chosen = tuple(g for g in prunable if scope == "all" or g.scope == "inner")
        if not chosen and scope == "inner":
            raise ScopeError(
                "scope 'inner' is empty: no channel of this network lives inside one residual"
                " block; use scope 'all'"
            )
        if not chosen:
            raise ScopeError(
                "scope 'all' is empty: every channel of this network is tied to its input, its"
                " embedding or an operation that needs all of them"
            )
        return chosen
