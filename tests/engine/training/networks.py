"""Networks of a few channels, and pictures of people who differ in colour."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reidbench.config.protocol import TrainingRules, load_protocol
from reidbench.engine.training import Images, Network, Trainer, TrainingStage, build_network
from reidbench.engine.training.loop import OnStep

SMOKE = load_protocol("smoke/1")
PEOPLE, SHOTS = 6, 8


class Plain(nn.Module):
    """Two convolutions, and dropout that draws from torch's global random state."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=4, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(8, 6, 3, stride=2, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 6)."""
        maps = self.dropout(torch.relu(self.bn1(self.conv1(images))))
        return self.conv2(maps).mean(dim=(2, 3))


def network(seed: int = 0, dropout: float = 0.0, bnneck: bool = True) -> Network:
    """Return a network for the pictures of ``people``."""
    return build_network(lambda: Plain(dropout), SMOKE.input.size, PEOPLE, bnneck=bnneck, seed=seed)


def people() -> Images:
    """Return noisy pictures, uint8 (48, 3, 32, 16): each person has a colour of their own."""
    dice = torch.Generator().manual_seed(5)
    colours = torch.randint(40, 216, (PEOPLE, 3, 1, 1), generator=dice)
    labels = torch.arange(PEOPLE).repeat_interleave(SHOTS)
    noise = torch.randint(-30, 31, (len(labels), 3, 32, 16), generator=dice)
    return Images((colours[labels] + noise).to(torch.uint8), labels)


def rules(**changes: object) -> TrainingRules:
    """Return the smoke protocol's training rules with ``changes``."""
    return TrainingRules.model_validate({**SMOKE.training.model_dump(), **changes})


def trainer(
    net: Network,
    images: Images | None = None,
    *,
    epochs: float = 3.4,
    seed: int = 0,
    on_step: OnStep = lambda done, steps, loss: None,
    prefetch: bool | None = None,
    learning_rate: float | None = None,
    **changes: object,
) -> Trainer:
    """Return a trainer of 10 steps by default (an epoch is 3), with changed rules."""
    images = people() if images is None else images
    return Trainer(
        net,
        images,
        rules(**changes),
        SMOKE.input,
        stages=[TrainingStage(epochs, seed, learning_rate)],
        on_step=on_step,
        prefetch=prefetch,
    )
