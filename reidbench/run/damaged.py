"""Finds what a failed node could not read, so that it is made again and not met at every try."""

from __future__ import annotations

from reidbench.plan import Node, PruneNode
from reidbench.run.schedule import inputs
from reidbench.store import Store
from reidbench.store.cleanup import check


def remove_damaged_inputs(node: Node, store: Store) -> list[str]:
    """Remove the inputs of a node that are not as they were written; return their keys."""
    needed = [one.key for one in inputs(node)]
    if isinstance(node, PruneNode) and node.ranking_key and store.has(node.ranking_key):
        needed.append(node.ranking_key)
    damaged = [key for key in needed if not store.has(key) or check(store, key)]
    for key in damaged:
        store.remove(key)
    return damaged
