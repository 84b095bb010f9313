"""How often Python's collector runs while torch is imported."""

from __future__ import annotations

import gc

import pytest

from reidbench.engine.collection import seldom_collected


def test_the_collector_is_as_it_was_after_the_block_even_if_that_raises() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="in the block"), seldom_collected():
        assert gc.get_threshold() > before
        raise ValueError("in the block")
    assert gc.get_threshold() == before
