"""Which channels live and die inside one residual block (docs/decisions/0002)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from torch import nn


def block_paths(module: nn.Module, sum_owners: Iterable[str]) -> frozenset[str]:
    """Return the paths of all residual blocks, given the modules that hold a residual sum.

    A block is any instance of a class of which some instance directly holds a sum: a block
    without a shortcut is still a block. The network itself is none, whatever it adds up.
    """
    classes = {type(module.get_submodule(path)) for path in sum_owners if path}
    return frozenset(
        path for path, part in module.named_modules() if path and type(part) in classes
    )


def scope_of(owners: Iterable[str], blocks: frozenset[str]) -> Literal["inner", "stream"]:
    """Return ``inner`` if one block holds every layer in ``owners``, else ``stream``."""
    shared: set[str] | None = None
    for owner in owners:
        steps = owner.split(".")
        above = {".".join(steps[: i + 1]) for i in range(len(steps))} & blocks
        shared = above if shared is None else shared & above
    return "inner" if shared else "stream"
