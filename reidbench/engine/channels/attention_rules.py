"""The rules of matrix products of activations: where heads are independent, whole heads go."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from torch.fx import Node

from reidbench.engine.channels.graph import IntArray
from reidbench.engine.channels.rules import Arguments, pin_inputs, rule
from reidbench.engine.channels.walk import Walk, shape_of


@rule("mm", "bmm", "matmul")
def _matrix_product(walk: Walk, node: Node, arguments: Arguments) -> Any:
    one, other = arguments["self"], arguments["other" if "other" in arguments else "mat2"]
    cost = prod(shape_of(node)) * shape_of(one)[-1]
    return _by_head(walk, node, [one, other], cost)


@rule("scaled_dot_product_attention")
def _attention(walk: Walk, node: Node, arguments: Arguments) -> Any:
    query, key, value = arguments["query"], arguments["key"], arguments["value"]
    cost = (prod(shape_of(query)) + prod(shape_of(node))) * shape_of(key)[-2]
    return _by_head(walk, node, [query, key, value], cost, arguments["attn_mask"])


def _by_head(
    walk: Walk, node: Node, operands: list[Node], cost: int, mask: Node | None = None
) -> Any:
    """Tie all that belongs to one head, and charge each head; keep what is not told apart by heads.

    The last two dimensions are those of the product, and a head is an entry of the others. Heads
    that a mask with numbers for each of them reads stay.
    """
    found = [walk.ids(value) for value in operands]
    if mask is not None:
        pairs = zip(shape_of(mask)[-3::-1], found[0].shape[-3::-1], strict=False)
        found += [walk.ids(mask)] if any(min(pair) > 1 for pair in pairs) else []
    if not _separate(found, len(shape_of(node))):
        return pin_inputs(walk, node)
    heads, times = np.unique(found[0][..., :1, :1], return_counts=True)
    if len(set(times.tolist())) > 1:
        return pin_inputs(walk, node)
    for ids in found:
        walk.tie(found[0][..., :1, :1], walk.tie_along(ids, (-2, -1)))
    walk.heads.append(heads)
    walk.charge(node, cost // len(heads), rows=heads)
    return found[len(operands) - 1][..., :1, :1]


def _separate(found: list[IntArray], dims: int) -> bool:
    """Return whether every operand has the same dimensions of heads, and nothing fixed there."""
    if dims < 3 or any(ids.ndim != dims or (ids < 0).any() for ids in found):
        return False
    shapes = {ids.shape[:-2] for ids in found}
    return len(shapes) == 1 and prod(shapes.pop()) > 1
