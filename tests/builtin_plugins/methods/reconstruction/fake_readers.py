"""Layers that read a group, given as tensors, and a task that hands them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class FakeReader:
    """A sampled layer; its outputs are what its inputs give unless told otherwise."""

    inputs: Tensor
    weight: Tensor
    outputs: Tensor = None  # type: ignore[assignment]
    name: str = "next"

    def __post_init__(self) -> None:
        if self.outputs is None:
            self.outputs = torch.einsum("sct,oct->so", self.inputs, self.weight)


@dataclass
class FakeGroup:
    size: int
    name: str = "conv"


@dataclass
class FakeTask:
    readers: Sequence[FakeReader]
    seed: int = 0
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def next_layers(self, group: FakeGroup, *, points: int = 10) -> Sequence[FakeReader]:
        self.asked.append(points)
        return self.readers


def reader(
    samples: int, channels: int, taps: int, outputs: int, seed: int = 0, mixed: int = 0
) -> FakeReader:
    """Return a layer after a ReLU; its channels mix ``mixed`` sources, or are independent."""
    random = torch.Generator().manual_seed(seed)
    inputs = torch.randn(samples, mixed or channels, taps, generator=random)
    if mixed:
        mixture = torch.randn(channels, mixed, generator=random)
        noise = 0.3 * torch.randn(samples, channels, taps, generator=random)
        inputs = torch.einsum("smt,cm->sct", inputs, mixture) + noise
    return FakeReader(inputs.relu(), torch.randn(outputs, channels, taps, generator=random))


def changed(layer: FakeReader, change: Callable[[FakeReader], None]) -> FakeReader:
    change(layer)
    return FakeReader(layer.inputs, layer.weight)


def _equal(layer: FakeReader) -> None:
    layer.inputs[:] = layer.inputs[:, :1]
    layer.weight[:] = layer.weight[:, :1]


def _dead(layer: FakeReader) -> None:
    layer.inputs[:, 2] = 0


def _unread(layer: FakeReader) -> None:
    layer.weight[:, 2] = 0


def _same_images(layer: FakeReader) -> None:
    layer.inputs[:] = layer.inputs[:1]


def _silent(layer: FakeReader) -> None:
    layer.inputs[:] = 0


def _cancelling(layer: FakeReader) -> None:
    layer.inputs[:, 1] = layer.inputs[:, 0]
    layer.weight[:, 1] = -layer.weight[:, 0]


HARD: dict[str, Callable[[], list[FakeReader]]] = {
    "a 3x3 convolution": lambda: [reader(40, 6, 9, 5)],
    "a 1x1 convolution": lambda: [reader(40, 6, 1, 5)],
    "a linear layer that reads flattened maps": lambda: [reader(12, 5, 8, 4)],
    "two readers": lambda: [reader(30, 6, 9, 5), reader(20, 6, 1, 7, seed=1)],
    "one channel left": lambda: [reader(20, 1, 9, 4)],
    "one of everything": lambda: [reader(1, 1, 1, 1)],
    "fewer samples than channels": lambda: [reader(3, 10, 9, 4)],
    "one output": lambda: [reader(30, 6, 9, 1)],
    "all channels equal": lambda: [changed(reader(30, 6, 9, 4), _equal)],
    "a dead channel": lambda: [changed(reader(30, 6, 9, 4), _dead)],
    "a channel nobody reads": lambda: [changed(reader(30, 6, 9, 4), _unread)],
    "all images equal": lambda: [changed(reader(30, 6, 9, 4), _same_images)],
    "all channels dead": lambda: [changed(reader(30, 6, 9, 4), _silent)],
    "two channels that cancel": lambda: [changed(reader(30, 6, 9, 4), _cancelling)],
    "tiny numbers": lambda: [FakeReader(1e-15 * reader(30, 6, 9, 4).inputs, torch.ones(4, 6, 9))],
    "huge numbers": lambda: [FakeReader(1e15 * reader(30, 6, 9, 4).inputs, torch.ones(4, 6, 9))],
}
