"""A block that needs much memory gives it back, garbage in cycles included."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

from reidbench.run.memory import MUCH, memory_given_back, resident

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux reports it")
PIECE = 4 << 20


def test_what_a_block_leaves_in_cycles_is_given_back() -> None:
    gc.collect()
    before = resident()
    with memory_given_back():
        gc.disable()
        try:
            _leave(3 * MUCH)
            assert resident() - before > 2 * MUCH
        finally:
            gc.enable()
    assert resident() - before < MUCH / 2


def _leave(size: int) -> None:
    """Leave garbage that only a collection of cycles finds, in pieces like those of a network."""
    cycle: list[object] = [np.ones(PIECE, np.uint8) for _ in range(size // PIECE)]
    cycle.append(cycle)
