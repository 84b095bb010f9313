"""Independent random streams from one trial seed, each named for its purpose."""

from __future__ import annotations

import hashlib

import torch


def derived_seed(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit seed for a purpose; different purposes give unrelated streams."""
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a CPU generator seeded for a purpose."""
    return torch.Generator().manual_seed(derived_seed(seed, *purpose))
