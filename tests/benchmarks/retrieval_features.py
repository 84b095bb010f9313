"""Query and gallery features of a given size, as benchmarks of retrieval need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reidbench.engine.retrieval import Features

NOISE = 3.5
"""How far images stray from their person, such that mAP is about one half at width 2048."""


@dataclass(frozen=True)
class Size:
    """A data set's numbers: of images, embeddings, people and cameras."""

    queries: int
    gallery: int
    width: int = 2048
    people: int = 750
    cameras: int = 6


SIZES = {
    "Market-1501": Size(3368, 19732),
    "MSMT17": Size(11659, 82161, people=3060, cameras=15),
}
TINY = Size(60, 400, width=64, people=20, cameras=3)


def drawn(size: Size, junk: bool = True) -> tuple[Features, Features]:
    """Return query and gallery: people are points, images stray around them."""
    centres = torch.randn(size.people, size.width, generator=torch.Generator().manual_seed(0))
    sides = [
        _side(size, rows, seed, centres) for seed, rows in enumerate((size.queries, size.gallery))
    ]
    if junk:
        sides[1].pids[::7] = -1
    return sides[0], sides[1]


def _side(size: Size, rows: int, seed: int, centres: Tensor) -> Features:
    random = np.random.default_rng(seed)
    pids = random.integers(0, size.people, rows)
    spread = torch.randn(rows, size.width, generator=torch.Generator().manual_seed(seed + 1))
    spread.mul_(NOISE).add_(centres[pids])
    return Features(spread, pids, random.integers(0, size.cameras, rows))
