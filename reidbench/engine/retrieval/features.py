"""Embeddings with the identity and camera of every image, and how a network produces them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reidbench.engine.modes import evaluating
from reidbench.errors import Diverged as Diverged
from reidbench.errors import ReidbenchError


@dataclass(frozen=True)
class Features:
    """One side of a retrieval: embeddings ``(n, d)``, identities ``(n,)`` and cameras ``(n,)``.

    Ranking reads embeddings as float32, exactly for float16, bfloat16 and 8-bit integers. Identity
    ``-1`` marks junk (gallery only); ``0`` is an identity like any other, a distractor when no
    query carries it. Raises ``ReidbenchError`` when the shapes disagree.
    """

    embeddings: Tensor
    pids: NDArray[np.int64]
    camids: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = tuple(self.embeddings.shape)
        found = (self.pids.shape, self.camids.shape)
        if len(shape) != 2 or shape[1] < 1 or found != (shape[:1], shape[:1]):
            raise ReidbenchError(
                f"features: embeddings {shape}, pids {found[0]} and camids "
                f"{found[1]} do not belong together; expected (n, d), (n,) and (n,), one row an "
                "image"
            )

    def __len__(self) -> int:
        return len(self.embeddings)


def extract(network: Callable[[Tensor], Any], batches: Iterable[Tensor]) -> Tensor:
    """Return the embeddings ``(n, d)`` of all images, float32 on the CPU, in the order given.

    ``batches`` yields tensors ``(b, 3, H, W)`` that the network takes as they are: normalised, and
    on its device. A module runs in eval mode without gradients; its training flags are restored
    afterwards, also when it fails. Raises ``ReidbenchError`` when there is no batch or the network
    does not return one embedding per image.
    """
    mode = evaluating(network) if isinstance(network, nn.Module) else nullcontext()
    with mode, torch.inference_mode():
        embeddings = [_embed(network, batch) for batch in batches]
    if not embeddings:
        raise ReidbenchError("features: no batch of images to embed; expected at least one")
    return torch.cat(embeddings)


def _embed(network: Callable[[Tensor], Any], batch: Tensor) -> Tensor:
    output = network(batch)
    if not isinstance(output, Tensor) or output.ndim != 2 or len(output) != len(batch):
        found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ReidbenchError(
            f"features: the network returned {found} for {len(batch)} images; expected a tensor "
            f"({len(batch)}, d): make its test-time output the embedding"
        )
    return output.to(device="cpu", dtype=torch.float32)
