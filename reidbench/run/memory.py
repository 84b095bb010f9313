"""Memory that this process no longer needs, given back to the system."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MUCH = 100_000_000
"""Bytes by which a process grows before it is worth the time."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's parameters, from malloc.h."""


@contextmanager
def memory_given_back() -> Iterator[None]:
    """Give back what the block has needed, if that is much; nothing happens off Linux.

    ``torch.export`` leaves networks in cycles, and a process that holds many objects collects these
    late. glibc keeps what is freed in pieces as small as the tensors of a layer.
    """
    before = resident()
    _keep_pieces_below(1 << 20)
    try:
        yield
    finally:
        # As glibc sets it by itself, once such a piece was freed: training allocates many.
        _keep_pieces_below(32 << 20)
        if resident() - before > MUCH:
            gc.collect()
            with suppress(AttributeError, OSError):  # other libraries have no such function
                ctypes.CDLL(None).malloc_trim(0)


def _keep_pieces_below(size: int) -> None:
    """Have glibc keep freed pieces of memory below a size, and give others back at once."""
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, size)
        mallopt(_TRIM_THRESHOLD, 2 * size)


def resident() -> int:
    """Return the bytes of this process that are in memory; 0 where that is not reported."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
