"""Components that cannot be used: data sets without matches, a network without blocks."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reidbench.api.data import ReIDData, Split

PEOPLE = range(1, 13)
_turn = count()


def split(people: list[int], cameras: list[int], part: str) -> Split:
    return Split(
        pids=np.array(people, dtype=np.int64),
        camids=np.array(cameras, dtype=np.int64),
        names=tuple(f"{part}/{index}" for index in range(len(people))),
        reader=lambda index: np.zeros((32, 16, 3), dtype=np.uint8),
    )


def data(fault: str) -> ReIDData:
    """Return a data set of twelve people that is sound but for one fault."""
    trained = [pid for pid in PEOPLE for _ in range(1 if fault == "single images" else 4)]
    train = split(trained, [0] * len(trained), "train")
    people = [101, 102] if fault != "no query" else []
    cameras = {"one camera": [0, 0]}.get(fault, [1, 1])
    asked = [pid + 100 * (fault == "strangers") for pid in people]
    gallery = [101, 102] if fault != "empty gallery" else []
    return ReIDData(
        "tiny",
        train,
        split(asked, cameras[: len(asked)], "query"),
        split(gallery, [0] * len(gallery), "gallery"),
    )


def same_people(**_: Any) -> ReIDData:
    return data("")


def other_people(**_: Any) -> ReIDData:
    """Return other people each time, as from a generator without a seed."""
    train = data("").train
    return replace(data(""), train=replace(train, pids=train.pids + next(_turn)))


def other_pixels(**_: Any) -> ReIDData:
    """Return other pixels under the same names each time."""
    value = next(_turn)
    made = data("")
    reader = lambda index: np.full((32, 16, 3), value, dtype=np.uint8)  # noqa: E731
    return replace(made, gallery=replace(made.gallery, reader=reader))


def test_only(**_: Any) -> ReIDData:
    made = data("")
    return replace(made, train=split([], [], "train"), test_only=True)


def no_query(**_: Any) -> ReIDData:
    return data("no query")


def one_camera(**_: Any) -> ReIDData:
    return data("one camera")


def strangers(**_: Any) -> ReIDData:
    return data("strangers")


def empty_gallery(**_: Any) -> ReIDData:
    return data("empty gallery")


def single_images(**_: Any) -> ReIDData:
    return data("single images")


def exits(**_: Any) -> ReIDData:
    sys.exit(3)


class Plain(nn.Module):
    """Two convolutions after one another, as in VGG: no channel lives inside a residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 96, 5, 4, 2)
        self.second = nn.Conv2d(96, 96, 1)
        self.embed = nn.Conv2d(96, 16, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 16)."""
        maps = torch.relu(self.second(torch.relu(self.first(images))))
        return self.embed(maps).mean(dim=(2, 3))


def plain(**_: Any) -> nn.Module:
    return Plain()


class Branching(Plain):
    """A network that looks at its values, so that no graph can be captured."""

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 16)."""
        return super().forward(images if images.sum() > 0 else -images)


def branching(**_: Any) -> nn.Module:
    return Branching()


class Exiting(Plain):
    """A network that ends the process when it is called."""

    def forward(self, images: Tensor) -> Tensor:
        """Return nothing."""
        sys.exit(4)


def exiting(**_: Any) -> nn.Module:
    return Exiting()
