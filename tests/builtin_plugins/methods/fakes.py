"""Groups and ranking tasks on given tensors, so that a criterion can be checked by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidbench.api import Group, Method, NextLayer, Scores

ACTIVATIONS: Mapping[str | None, Callable[[Tensor], Tensor]] = {
    None: lambda maps: maps,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "silu": functional.silu,
}


@dataclass
class FakeGroup:
    """A channel group; ``weight`` (channels, features) is its one coupled tensor by default."""

    weight: Tensor
    name: str = "conv"
    gradient: Tensor | None = None
    norm_scale: Tensor | None = None
    coupled: Sequence[Tensor] = ()
    activation: str | None = "relu"

    def __post_init__(self) -> None:
        self.coupled = self.coupled or (self.weight,)

    @property
    def size(self) -> int:
        return len(self.weight)


@dataclass
class FakeNext:
    """A layer that reads a group: weight (o, c, t), inputs (s, c, t), outputs (s, o)."""

    weight: Tensor
    inputs: Tensor
    outputs: Tensor
    name: str = "next"


@dataclass
class FakeTask:
    """A ranking task over given tensors by group name, seen in batches of ``batch`` images.

    ``maps`` are the normed ones, (images, channels, height, width), and ``slopes`` the loss's
    gradients with respect to them; ``weight_slopes`` (images, channels, features) are each image's
    own: a batch has their mean, as a mean loss does.
    """

    groups: Sequence[FakeGroup] = ()
    maps: Mapping[str, Tensor] = field(default_factory=dict)
    slopes: Mapping[str, Tensor] = field(default_factory=dict)
    weight_slopes: Mapping[str, Tensor] = field(default_factory=dict)
    next: Mapping[str, Sequence[NextLayer]] = field(default_factory=dict)
    batch: int = 2
    reduction: float = 0.5
    seed: int = 0
    loss_of: Callable[[Scores], float] | None = None

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def over_images(
        self,
        statistic: Callable[[Tensor, Tensor | None], Tensor],
        *,
        gradients: bool = False,
        maps: Literal["normed", "activated"] = "normed",
    ) -> dict[str, Tensor]:
        found = {}
        for group in self.groups:
            shown = self.maps[group.name]
            if maps == "activated":
                shown = ACTIVATIONS[group.activation](shown)
            slopes = self.slopes[group.name].split(self.batch) if gradients else None
            parts = []
            for at, part in enumerate(shown.split(self.batch)):
                value = statistic(part, slopes[at] if slopes else None)
                assert value.shape == part.shape[:2], f"{value.shape} is not (n, channels)"
                parts.append(value)
            found[group.name] = torch.cat(parts)
        return found

    def mean_over_images(
        self,
        statistic: Callable[[Tensor, Tensor | None], Tensor],
        *,
        gradients: bool = False,
        maps: Literal["normed", "activated"] = "normed",
    ) -> dict[str, Tensor]:
        images = self.over_images(statistic, gradients=gradients, maps=maps)
        return {name: values.mean(dim=0) for name, values in images.items()}

    def mean_over_gradients(
        self,
        statistic: Callable[[Group], Tensor],
        *,
        per: Literal["batch", "image"] = "batch",
    ) -> dict[str, Tensor]:
        found = {}
        for group in self.groups:
            values = []
            for part in self.weight_slopes[group.name].split(self.batch if per == "batch" else 1):
                group.gradient = part.mean(dim=0)
                values.append(statistic(group))
                assert values[-1].shape == (group.size,)
            group.gradient = None
            found[group.name] = torch.stack(values).mean(dim=0)
        return found

    def loss_after(self, scores: Scores) -> float:
        assert self.loss_of is not None
        return self.loss_of(scores)

    def next_layers(self, group: Group, *, points: int = 10) -> Sequence[NextLayer]:
        return self.next[group.name]


def scored(method: Method, group: FakeGroup | Tensor, task: FakeTask | None = None) -> Tensor:
    """Return the scores of one group, given as a whole or by its filters, as a ranking does."""
    group = FakeGroup(group) if isinstance(group, Tensor) else group
    task = task or FakeTask()
    task.groups = task.groups or (group,)
    method.prepare(task)
    scores = method.scores(group, task)
    assert scores.shape == (group.size,)
    assert scores.isfinite().all()
    return scores


def _dead(weight: Tensor) -> Tensor:
    return weight.detach().index_fill(0, torch.tensor([1]), 0)


_CONVS: Mapping[str, Callable[[], Tensor]] = {
    "3x3": lambda: nn.Conv2d(5, 7, 3).weight,
    "1x1": lambda: nn.Conv2d(6, 9, 1).weight,
    "depthwise": lambda: nn.Conv2d(8, 8, 3, groups=8).weight,
    "more filters than cdist's exact limit": lambda: nn.Conv2d(4, 40, 3).weight,
    "one channel left": lambda: nn.Conv2d(3, 1, 3).weight,
    "one weight": lambda: nn.Conv2d(1, 1, 1).weight,
    "all equal": lambda: torch.full((30, 4, 3, 3), 0.7),
    "a dead channel": lambda: _dead(nn.Conv2d(4, 6, 3).weight),
}
CONVS = tuple(_CONVS)


def conv(name: str) -> Tensor:
    """Return the filters (channels, features) of a fresh random convolution; 1 is the dead one."""
    torch.manual_seed(1)
    return _CONVS[name]().detach().flatten(1)


def by_hand(expected: Sequence[float]) -> Tensor:
    """Return what loops in plain Python found, to compare scores with."""
    return torch.tensor(expected, dtype=torch.float64)


def image_losses(maps: Tensor) -> Tensor:
    """Return a loss an image, (n,), of maps (n, channels, h, w): curved, and through a ReLU."""
    readout = torch.linspace(-1, 1, maps[0].numel(), dtype=maps.dtype).sin()
    return (maps.relu().flatten(1) @ readout - 0.3).square()


def observed(
    weight: Tensor, *, images: int = 5, batch: int = 2, activation: str | None = "relu"
) -> tuple[FakeGroup, FakeTask]:
    """Return a group with these filters, in float64, and a task that ran it over random images.

    Maps are 4 x 3, and every gradient is autograd's, of :func:`image_losses`.
    """
    group = FakeGroup(weight.double(), activation=activation)
    patches = torch.randn(images, group.weight.shape[1], 12, dtype=torch.float64)
    live = group.weight.clone().requires_grad_()
    maps = (live @ patches).unflatten(2, (4, 3))
    losses = image_losses(maps)
    slopes = [
        torch.autograd.grad(part.mean(), maps, retain_graph=True)[0][at * batch :][: len(part)]
        for at, part in enumerate(losses.split(batch))
    ]
    own = [torch.autograd.grad(loss, live, retain_graph=True)[0] for loss in losses]
    task = FakeTask(
        groups=(group,),
        maps={group.name: maps.detach()},
        slopes={group.name: torch.cat(slopes)},
        weight_slopes={group.name: torch.stack(own)},
        batch=batch,
    )
    return group, task
