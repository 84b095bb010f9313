"""Backbones that are wrong on purpose, each in one way; and a sound one beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reidbench.api import WeightsError
from reidbench.testing.toys import Block


class Sound(nn.Module):
    """Stem, one residual block, pooling: images (n, 3, h, w) to embeddings (n, 8)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 5, 4, 2, bias=False)
        self.block: nn.Module = Block(8, 32, 3)

    def maps(self, images: Tensor) -> Tensor:
        maps: Tensor = self.block(torch.relu(self.stem(images)))
        return maps

    def forward(self, images: Tensor) -> Any:
        return self.maps(images).mean(dim=(2, 3))


def optional(*, width: int = 8) -> nn.Module:
    """Say nothing of what may be set."""
    return Sound()


def no_network() -> object:
    return Sound().forward


def refusing() -> nn.Module:
    raise ValueError("option 'width' is missing")


class Maps(Sound):
    def forward(self, images: Tensor) -> Any:
        return self.maps(images)


class Pair(Sound):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images), images


class Infinite(Sound):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images) / 0.0


class Fixed(Sound):
    """Flatten 8 x 4 positions, which other images do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8 * 8 * 4, 8)

    def forward(self, images: Tensor) -> Any:
        return self.fc(self.maps(images).flatten(1))


class Widens(Sound):
    """Pool to as many positions as the image has rows of stripes."""

    def forward(self, images: Tensor) -> Any:
        return self.maps(images).mean(dim=3).flatten(1)


class Squeezes(Sound):
    def forward(self, images: Tensor) -> Any:
        return functional.adaptive_avg_pool2d(self.maps(images), 1).squeeze()


class Drops(Sound):
    def forward(self, images: Tensor) -> Any:
        return functional.dropout(super().forward(images), 0.5, training=True)


class NeverEvaluates(Sound):
    def train(self, mode: bool = True) -> Sound:
        super().train(mode)
        self.block.train(True)
        return self


class LeavesAClassifier(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 1000)


class Freezes(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.stem.weight.requires_grad_(False)


def seeded() -> nn.Module:
    torch.manual_seed(0)
    return Sound()


class DrawsFromTheClock(Sound):
    def __init__(self) -> None:
        super().__init__()
        values = np.random.default_rng().normal(size=tuple(self.stem.weight.shape))
        self.stem.weight.data.copy_(torch.from_numpy(values))


class HidesItsState(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.shift = torch.randn(8)  # neither a parameter nor a buffer

    def forward(self, images: Tensor) -> Any:
        return super().forward(images) + self.shift


def hasty() -> nn.Module:
    torch.set_num_threads(torch.get_num_threads() + 1)
    return Sound()


class Branches(Sound):
    def forward(self, images: Tensor) -> Any:
        found = super().forward(images)
        return found if images.sum() > 1e9 else found * 2


class BlockOf32(Block):
    def forward(self, maps: Tensor) -> Tensor:
        inner = torch.relu(self.bn1(self.conv1(maps)))
        inner = inner.view(inner.shape[0], 32, inner.shape[2], inner.shape[3])
        return torch.relu(self.bn2(self.conv2(inner)) + maps)


class CountsInCode(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.block = BlockOf32(8, 32, 3)


class OneLayer(nn.Module):
    """Tie all channels to the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 5, 4, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.conv(images).mean(dim=(2, 3))


class HeavyEmbedding(nn.Module):
    """Spend nearly all MACs on channels that stay."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 1)
        self.conv2 = nn.Conv2d(4, 32, 1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv2(torch.relu(self.conv1(images)))
        return (maps + self.conv3(maps)).mean(dim=(2, 3))


# --- loaders ----------------------------------------------------------------------------------


def _state(network: nn.Module, weights: str | Path) -> dict[str, Tensor]:
    if not isinstance(weights, Path) or not weights.is_file():
        raise WeightsError(f"no weights '{weights}'")
    state: dict[str, Tensor] = torch.load(weights, weights_only=True)
    own = network.state_dict()
    if {n: t.shape for n, t in own.items()} != {n: t.shape for n, t in state.items()}:
        raise WeightsError(f"{weights}: other names or shapes")
    return state


def load(network: nn.Module, weights: str | Path) -> None:
    """Load all, or say that it does not."""
    network.load_state_dict(_state(network, weights))


def load_most(network: nn.Module, weights: str | Path) -> None:
    state = _state(network, weights)
    del state["block.conv1.weight"]
    network.load_state_dict(state, strict=False)


def load_leniently(network: nn.Module, weights: str | Path) -> None:
    if not isinstance(weights, Path) or not weights.is_file():
        raise WeightsError(f"no weights '{weights}'")
    network.load_state_dict(torch.load(weights, weights_only=True), strict=False)


def load_silently(network: nn.Module, weights: str | Path) -> None:
    if isinstance(weights, Path):
        load(network, weights)


def load_by_key(network: nn.Module, weights: str | Path) -> None:
    if isinstance(weights, str):
        weights = {"imagenet": Path("imagenet.pth")}[weights]
    load(network, weights)


def load_halfway(network: nn.Module, weights: str | Path) -> None:
    if not isinstance(weights, Path) or not weights.is_file():
        raise WeightsError(f"no weights '{weights}'")
    try:
        network.load_state_dict(torch.load(weights, weights_only=True))
    except RuntimeError as error:
        raise WeightsError(str(error)) from error


def load_with_classifier(network: nn.Module, weights: str | Path) -> Tensor:
    load(network, weights)
    return torch.zeros(8, 1000)
