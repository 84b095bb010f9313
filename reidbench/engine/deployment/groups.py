"""The channel groups of a network: widths, costs, scopes, and how far each scope can be pruned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tabulate import tabulate
from torch import nn

from reidbench.engine.channels import (
    ChannelGraph,
    ChannelGroup,
    Scope,
    ScopeError,
    highest_reduction,
    parameters,
    proven,
)
from reidbench.text import counted

SCOPES: tuple[Scope, ...] = ("inner", "all")


@dataclass(frozen=True)
class GroupRow:
    """One channel group.

    Attributes:
        name: the path of the first layer that makes its channels.
        width: how many channels it has.
        share: the share of the network's MACs in the layers that make or read these channels; a
            layer counts for each of its groups, so that shares add up to more than 1. None for a
            group that stays whole.
        scopes: the scopes in which it can be pruned.
        kept_by: why it stays whole, if it does.

    """

    name: str
    width: int
    share: float | None
    scopes: tuple[Scope, ...]
    kept_by: str = ""


@dataclass(frozen=True)
class Groups:
    """The channel groups of a network, in network order.

    Attributes:
        size: channels, height and width of the images.
        macs: multiply-accumulates of one image (exact).
        parameters: how many numbers its parameters hold.
        embedding_size: d of its embeddings (n, d).
        highest: the share of the MACs that goes with every group of a scope at its floor; None
            for a scope without groups.

    """

    size: tuple[int, int, int]
    macs: int
    parameters: int
    embedding_size: int
    rows: tuple[GroupRow, ...]
    highest: Mapping[Scope, float | None]

    def __str__(self) -> str:
        """Return a head line, the table of groups, and a line for each scope."""
        size = "x".join(map(str, self.size))
        head = (
            f"{self.macs / 1e9:.3f} GMACs at {size}, {self.parameters / 1e6:.2f} M parameters, "
            f"embedding of {self.embedding_size}"
        )
        cells = [
            [row.name, row.width, _percent(row.share), ", ".join(row.scopes) or row.kept_by]
            for row in self.rows
        ]
        table = tabulate(
            cells,
            ["group", "width", "MACs", "scopes, or why it stays whole"],
            disable_numparse=True,
            colalign=("left", "right", "right", "left"),
            maxcolwidths=[None, None, None, 60],
        )
        return "\n\n".join([head, table, "\n".join(self._scopes())])

    def _scopes(self) -> Iterator[str]:
        for scope, highest in self.highest.items():
            count = sum(scope in row.scopes for row in self.rows)
            if highest is None:
                yield f"scope '{scope}': no group, so a protocol of this scope prunes nothing here"
            else:
                groups = counted(count, "group")
                yield f"scope '{scope}': {groups}, a reduction of {highest:.4f} at most"


def channel_groups(
    network: nn.Module,
    *,
    size: tuple[int, int, int],
    min_keep: float | int = 0.05,
    round_to: int = 1,
) -> Groups:
    """Return the channel groups of ``network``; each was proven to lose a channel on a copy.

    ``min_keep`` is the share of its channels that every group keeps at least, ``round_to`` the
    multiple that widths end on.

    Raises:
        CaptureError: the network cannot be read at this size.

    """
    graph = proven(network, size)
    return Groups(
        size=graph.input_size,
        macs=graph.macs.total(),
        parameters=parameters(network),
        embedding_size=graph.embedding_size,
        rows=tuple(_row(graph, group) for group in graph.groups if group.producers),
        highest={scope: _highest(graph, scope, min_keep, round_to) for scope in SCOPES},
    )


def _row(graph: ChannelGraph, group: ChannelGroup) -> GroupRow:
    if not group.prunable:
        return GroupRow(group.name, group.size, None, (), "; ".join(group.kept_by))
    without = graph.macs.total({group.name: 0})
    scopes: tuple[Scope, ...] = SCOPES if group.scope == "inner" else ("all",)
    return GroupRow(group.name, group.size, 1 - without / graph.macs.total(), scopes)


def _highest(
    graph: ChannelGraph, scope: Scope, min_keep: float | int, round_to: int
) -> float | None:
    try:
        return highest_reduction(graph, scope, min_keep, round_to)
    except ScopeError:
        return None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
