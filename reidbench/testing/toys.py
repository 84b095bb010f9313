"""Toy images of people, and small residual networks: one ordinary, one of unusual groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reidbench.api.data import ReIDData, Split

HEIGHT, WIDTH, CAMERAS, SHOTS = 32, 16, 2, 3
TRAINED, TESTED = range(1, 9), range(101, 105)

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Painter:
    """Draws image ``i`` of (person, camera, shot) on demand, uint8 RGB (32, 16, 3)."""

    shots: tuple[tuple[int, int, int], ...]

    def __call__(self, index: int) -> Image:
        """Return a person's 4 x 2 patches of colour, noisy, darker from the second camera."""
        person, camera, shot = self.shots[index]
        patches = np.random.default_rng(person).uniform(30, 225, (4, 2, 3))
        noise = np.random.default_rng([person, camera, shot]).normal(0, 12, (HEIGHT, WIDTH, 3))
        pattern = patches.repeat(HEIGHT // 4, axis=0).repeat(WIDTH // 2, axis=1)
        image: Image = (pattern * (1 - 0.25 * camera) + noise).clip(0, 255).astype(np.uint8)
        return image


@dataclass(frozen=True)
class Forbidden:
    """A reader that refuses to read, and records the indices it was asked for."""

    asked: list[int] = field(default_factory=list)

    def __call__(self, index: int) -> Image:
        """Record the index, and refuse.

        Raises:
            PermissionError: always.
        """
        self.asked.append(index)
        raise PermissionError("test images are not a method's to read")


FORBIDDEN = Forbidden()
"""The reader of query and gallery of ``people_with_forbidden_tests``."""


def people() -> ReIDData:
    """Return 8 people to train on and 4 to test on, 6 images each from two cameras."""
    return ReIDData(
        name="drawn",
        train=_split("train", TRAINED, range(SHOTS)),
        query=_split("query", TESTED, range(1)),
        gallery=_split("gallery", TESTED, range(1, SHOTS)),
    )


def people_with_forbidden_tests() -> ReIDData:
    """Return the same training images, with other test people whose images cannot be read."""
    data = people()
    return replace(data, query=_forbidden(data.query), gallery=_forbidden(data.gallery))


def grey_people() -> ReIDData:
    """Return people whose training images all have the same grey."""
    data = people()
    grey = np.full((HEIGHT, WIDTH, 3), 120, dtype=np.uint8)
    return replace(data, train=replace(data.train, reader=lambda index: grey))


def _forbidden(split: Split) -> Split:
    return replace(split, pids=split.pids + 1000, camids=split.camids + 7, reader=FORBIDDEN)


def _split(part: str, people: range, shots: range) -> Split:
    taken = tuple((p, c, s) for p in people for c in range(CAMERAS) for s in shots)
    return Split(
        pids=np.array([person for person, _, _ in taken]),
        camids=np.array([camera for _, camera, _ in taken]),
        names=tuple(f"{part}/{p:04d}_c{c}_{s}.png" for p, c, s in taken),
        reader=Painter(taken),
    )


STREAM, EMBEDDING = 8, 12


class Block(nn.Module):
    """Two convolutions beside a shortcut; the first one's channels are inner."""

    def __init__(self, width: int, inner: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, inner, kernel, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, width, kernel, padding=kernel // 2, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, maps: Tensor) -> Tensor:
        """Return relu(F(x) + x)."""
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(maps))))) + maps)


class Residual(nn.Module):
    """Stem, blocks, a wider stream, blocks, pooling: images (n, 3, h, w) to embeddings (n, 12).

    The narrow stream can be pruned in scope ``all``; the wide one is the embedding.
    """

    def __init__(self, narrow: Sequence[Block], wide: Sequence[Block]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STREAM, 5, 4, 2, bias=False)
        self.bn = nn.BatchNorm2d(STREAM)
        self.narrow = nn.Sequential(*narrow)
        self.widen = nn.Conv2d(STREAM, EMBEDDING, 1, bias=False)
        self.widen_bn = nn.BatchNorm2d(EMBEDDING)
        self.wide = nn.Sequential(*wide)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 12)."""
        maps = self.narrow(torch.relu(self.bn(self.stem(images))))
        maps = self.wide(torch.relu(self.widen_bn(self.widen(maps))))
        embeddings: Tensor = maps.mean(dim=(2, 3))
        return embeddings


def tiny() -> nn.Module:
    """Return two blocks, of 3x3 and of 1x1 convolutions.

    Many cheap channels, so that every reduction is met within a protocol's tolerance.
    """
    return Residual([Block(STREAM, 128, 3)], [Block(EMBEDDING, 128, 1)])


def awkward() -> nn.Module:
    """Return blocks with a single channel, with a dead channel, and with filters all equal."""
    single, dying, equal = Block(STREAM, 1, 3), Block(STREAM, 6, 3), Block(EMBEDDING, 6, 3)
    with torch.no_grad():
        for tensor in (dying.conv1.weight, dying.bn1.weight, dying.bn1.bias):
            tensor[0] = 0
        dying.conv2.weight[:, 0] = 0
        equal.conv1.weight[:] = equal.conv1.weight[:1].clone()
        equal.conv2.weight[:] = equal.conv2.weight[:, :1].clone()
    return Residual([single, dying], [equal])
