"""Independent random streams from one trial seed, each named for its purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derived_seed(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit seed for a purpose; different purposes give unrelated streams."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a CPU generator seeded for a purpose."""
    return torch.Generator().manual_seed(derived_seed(seed, *purpose))


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Seed torch's global generators for the block, and put them back as they were.

    For code that can only draw from them: initialisers and dropout.
    """
    started = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = list(range(torch.cuda.device_count())) if started else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
