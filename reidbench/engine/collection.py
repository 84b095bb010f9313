"""How often Python walks the objects it may collect, while torch is imported: they all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (100_000, 20, 20)


def collect_seldom() -> None:
    """Have this process walk its objects less often; it takes a fifth of an import of torch."""
    gc.set_threshold(*_SELDOM)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Do so within the block."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
