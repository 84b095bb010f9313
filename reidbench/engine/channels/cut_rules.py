"""The rules of operations that join activations and cut them into pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.rules import Arguments, operation_of, pin_inputs, rule
from reidbench.engine.channels.walk import (
    FIXED,
    Held,
    Walk,
    compact,
    on_axis,
    running_module,
    shape_of,
    vary_elsewhere,
)


@rule("getitem")
def _item(walk: Walk, node: Node, arguments: Arguments) -> Any:
    source, index = node.args
    assert isinstance(source, Node)
    assert isinstance(index, int)
    return walk.values[source][index]


@rule("cat", "concat", "concatenate")
def _cat(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return _joined(walk, node, arguments["tensors"], arguments["dim"] % len(shape_of(node)))


@rule("hstack")
def _hstack(walk: Walk, node: Node, arguments: Arguments) -> Any:
    return _joined(walk, node, arguments["tensors"], min(1, len(shape_of(node)) - 1))


def _joined(walk: Walk, node: Node, tensors: list[Node], dim: int) -> IntArray:
    parts = [(walk.ids(value), shape_of(value)) for value in tensors]
    common = np.broadcast_shapes(*(_without(ids.shape, dim) for ids, _ in parts))
    shaped = []
    for ids, shape in parts:
        size = shape[dim]
        shaped.append(np.broadcast_to(ids, (*common[:dim], size, *common[dim + 1 :])))
    if all(_same_along(ids, dim) for ids in shaped):
        return _side_by_side(walk, [ids.take([0], dim) for ids in shaped])
    return compact(np.concatenate(shaped, axis=dim))


def _same_along(ids: IntArray, dim: int) -> bool:
    """Return whether the channels of a piece vary along other dimensions than ``dim`` alone."""
    return ids.take([0], dim).size > 1 and bool((ids == ids.take([0], dim)).all())


def _side_by_side(walk: Walk, pieces: list[IntArray]) -> IntArray:
    """Tie the channels of pieces that are joined along space, tokens or the batch."""
    whole = pieces[0]
    for piece in pieces[1:]:
        walk.tie(whole, piece)
        one, other = np.broadcast_arrays(whole, piece)
        walk.pin(one[other < 0])
        walk.pin(other[one < 0])
        whole = np.where(one >= 0, one, other)
    return whole


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], 1, *shape[dim + 1 :])


@rule("stack")
def _stack(walk: Walk, node: Node, arguments: Arguments) -> Any:
    dim = arguments["dim"] % len(shape_of(node))
    ids = np.broadcast_arrays(*(walk.ids(value) for value in arguments["tensors"]))
    pieces = [np.expand_dims(one, dim) for one in ids]
    if pieces[0].size > 1:
        return _side_by_side(walk, pieces)
    return compact(np.concatenate(pieces, axis=dim))


@rule("chunk")
def _chunk(walk: Walk, node: Node, arguments: Arguments) -> Any:
    pieces, across = _pieces(walk, node, arguments)
    if across:
        _tie_pieces(walk, pieces)
    return pieces


@rule("glu")
def _glu(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Halve at the middle, wherever that is then, and tie what gates to what is gated."""
    ids, dim = walk.ids(arguments["self"]), arguments["dim"]
    if ids.shape[dim] == 1:
        return ids
    first, second = np.split(ids, 2, axis=dim)
    walk.tie(first, second)
    walk.pin(first[second < 0])
    walk.pin(second[first < 0])
    return first


@rule("split")
def _split(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Cut into pieces of one size; free only if the module holds that size as its own number."""
    pieces, across = _pieces(walk, node, arguments)
    if across:
        _tie_pieces(walk, pieces)
        hold(walk, node, arguments["split_size"], None, pieces[0])
    return pieces


@rule("split_with_sizes")
def _split_with_sizes(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Cut into listed sizes; free only if the module holds that very list."""
    pieces, across = _pieces(walk, node, arguments)
    sizes = list(arguments["split_sizes"])
    if across:
        for index, piece in enumerate(pieces):
            hold(walk, node, sizes, index, piece)
    return pieces


def _pieces(walk: Walk, node: Node, arguments: Arguments) -> tuple[list[IntArray], bool]:
    """Return the ids of every piece, and whether the cut goes across channels."""
    source = arguments["self"]
    ids, dim = walk.ids(source), arguments["dim"] % len(shape_of(source))
    if ids.shape[dim] > 1 and vary_elsewhere(ids, [dim]):
        ids = walk.tie_along(ids, [dim])
    if ids.shape[dim] == 1:
        return [ids for _ in node.meta["val"]], False
    sizes = [int(value.shape[dim]) for value in node.meta["val"]]
    return list(np.split(ids, np.cumsum(sizes)[:-1], axis=dim)), True


def _tie_pieces(walk: Walk, pieces: list[IntArray]) -> None:
    """Make the i-th channels of all pieces one, so that they keep a common size.

    A fixed position among them, or a last piece of another size, keeps them all.
    """
    alike = all(piece.shape == pieces[0].shape for piece in pieces)
    for piece in pieces[1:] if alike else ():
        walk.tie(pieces[0], piece)
    whole = [bool((piece >= 0).all()) for piece in pieces]
    if not (alike and all(whole)):
        for piece in pieces:
            walk.pin(piece)


def hold(walk: Walk, node: Node, value: Any, index: int | None, ids: IntArray) -> None:
    """Note the one attribute of the running module that holds ``value``, else pin ``ids``.

    That the operation takes its number from there is an assumption, which the guard proves.
    """
    owner = running_module(node)
    held = vars(walk.module.get_submodule(owner))
    names = [n for n, v in held.items() if type(v) is not bool and _same(v, value)]
    key = (owner, names[0] if names else "", index)
    known = walk.sizes.get(key)
    if len(names) != 1 or (known is not None and not np.array_equal(known, ids)):
        walk.pin(ids)
        return
    walk.assume(ids, f"seems to take the number {value} from the attribute '{names[0]}'")
    walk.sizes[key] = ids


def _same(held: Any, value: Any) -> bool:
    if isinstance(value, list):
        return isinstance(held, list | tuple) and list(held) == value
    return type(held) is int and held == value


@rule("slice", "narrow")
def _slice(walk: Walk, node: Node, arguments: Arguments) -> Any:
    source = arguments["self"]
    ids, dim = walk.ids(source), arguments["dim"] % len(shape_of(source))
    size, out = shape_of(source)[dim], shape_of(node)[dim]
    if ids.shape[dim] == 1 or out == size:
        return ids
    if vary_elsewhere(ids, [dim]):
        return walk.tie_along(ids, [dim])
    if "length" in arguments:
        start, end, step = arguments["start"], arguments["start"] + arguments["length"], 1
    else:
        start, end, step = arguments["start"], arguments["end"], arguments["step"]
    # Nothing in the graph says how the bounds were computed, so the channels must stay.
    walk.pin(ids)
    return ids[(slice(None),) * dim + (slice(start, end, step),)]


@rule("select")
def _select(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids, dim = walk.ids(arguments["self"]), arguments["dim"]
    if ids.shape[dim] > 1 and vary_elsewhere(ids, [dim]):
        ids = walk.tie_along(ids, [dim])
    if ids.shape[dim] == 1:
        return ids.squeeze(dim)
    walk.pin(ids)
    return ids.take(arguments["index"], axis=dim)


@rule("unbind")
def _unbind(walk: Walk, node: Node, arguments: Arguments) -> Any:
    ids, dim = walk.ids(arguments["self"]), arguments["dim"]
    if ids.shape[dim] > 1 and vary_elsewhere(ids, [dim]):
        ids = walk.tie_along(ids, [dim])
    if ids.shape[dim] == 1:
        return [ids.squeeze(dim) for _ in node.meta["val"]]
    walk.pin(ids)
    return [ids.take(place, axis=dim) for place in range(ids.shape[dim])]


@rule("index_select", "index")
def _index(walk: Walk, node: Node, arguments: Arguments) -> Any:
    """Pick entries along space or the batch; channels picked by their number stay."""
    ids, out = walk.ids(arguments["self"]), shape_of(node)
    if operation_of(node) == "index_select":
        dims = [arguments["dim"] % ids.ndim]
    else:
        dims = [dim for dim, index in enumerate(arguments["indices"]) if index is not None]
    if len(dims) == 1 and (table := walk.held.get(arguments["self"])) is not None:
        ids = _table(walk, node, table, dims[0])
    if len(dims) != 1 or ids.shape[dims[0]] > 1 or arguments_vary(walk, node):
        return pin_inputs(walk, node)
    more = len(out) - ids.ndim
    return ids.reshape((*ids.shape[: dims[0]], *(1,) * (more + 1), *ids.shape[dims[0] + 1 :]))


def _table(walk: Walk, node: Node, held: Held, dim: int) -> IntArray:
    """Return the ids of a table with a column for each channel: a bias of every attention head.

    What another module computes from its table has numbers of its own, so that one is fixed.
    """
    own = held.parameter and held.owner == running_module(node)
    if not own or len(held.shape) != 2:
        return np.full((1,) * len(held.shape), FIXED, dtype=np.int64)
    other = 1 - dim
    made = walk.fresh(held.shape[other])
    return on_axis(walk.claim(held.owner, (held.name,), other, "carrier", made), other, 2)


def arguments_vary(walk: Walk, node: Node) -> bool:
    """Return whether any argument but the first carries channels."""
    return any(bool((walk.ids(value) >= 0).any()) for value in node.all_input_nodes[1:])
