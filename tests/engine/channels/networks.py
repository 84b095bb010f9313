"""The networks the channel tests prune: torchvision backbones and small ones for each coupling."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from reidbench.engine.channels import ChannelGraph, PruningPlan, capture

SMALL = (3, 64, 32)


class Embedder(nn.Module):
    """Any feature extractor, pooled to one vector an image."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features

    def forward(self, images: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(self.features(images), 1).flatten(1)


def resnet(depth: int, last_stride: int = 2) -> nn.Module:
    network = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    network.fc = nn.Identity()
    if last_stride == 1:
        first = network.layer4[0]
        (first.conv2 if depth >= 50 else first.conv1).stride = (1, 1)
        first.downsample[0].stride = (1, 1)
    return network


def mobilenet() -> nn.Module:
    return Embedder(torchvision.models.mobilenet_v2(weights=None).features)


def conv(source: int, size: int, kernel: int = 3, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(source, size, kernel, padding=kernel // 2, groups=groups),
        nn.BatchNorm2d(size),
        nn.Hardswish(),
    )


class Concatenated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = conv(3, 6), conv(3, 10, 1)
        self.merge, self.last = conv(16, 8, 1), conv(24, 5)

    def forward(self, images: Tensor) -> Tensor:
        both = torch.cat([self.left(images), self.right(images)], dim=1)
        return self.last(torch.cat([self.merge(both), both], dim=1))


class ConcatenatedSum(nn.Module):
    """A concatenation added to a plain layer: one layer's rows belong to two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.whole = conv(3, 6), conv(3, 10), conv(3, 16)
        self.last = conv(16, 5)

    def forward(self, images: Tensor) -> Tensor:
        both = torch.cat([self.left(images), self.right(images)], dim=1)
        return self.last(both + self.whole(images))


class Chunked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.value, self.gate = conv(3, 16), conv(8, 6), conv(8, 6)
        self.last = conv(6, 5)

    def forward(self, images: Tensor) -> Tensor:
        one, two = self.first(images).chunk(2, dim=1)
        return self.last(self.value(one) * torch.sigmoid(self.gate(two)))


class HalfInstanceNorm(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.half = size // 2
        self.instance = nn.InstanceNorm2d(self.half, affine=True)
        self.batch = nn.BatchNorm2d(size - self.half)

    def forward(self, maps: Tensor) -> Tensor:
        parts = torch.split(maps, self.half, 1)
        return torch.cat([self.instance(parts[0].contiguous()), self.batch(parts[1])], 1)


class InstanceAndBatch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Conv2d(3, 12, 3), HalfInstanceNorm(12), conv(12, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.first(images))))


class HalvesApart(nn.Module):
    """Norms of two pieces whose sizes are listed: each piece loses channels on its own."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.sizes = sizes
        self.instance = nn.InstanceNorm2d(sizes[0], affine=True)
        self.batch = nn.BatchNorm2d(sizes[1])

    def forward(self, maps: Tensor) -> Tensor:
        one, two = torch.split(maps, self.sizes, 1)
        return torch.cat([self.instance(one), self.batch(two)], 1)


class ListedSplit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.sizes = [4, 8]
        self.first, self.one, self.two = conv(3, 12), conv(4, 6), conv(8, 6)
        self.last = conv(6, 5)

    def forward(self, images: Tensor) -> Tensor:
        one, two = torch.split(self.first(images), self.sizes, dim=1)
        return self.last(self.one(one) + self.two(two))


class Sliced(nn.Module):
    """Cuts at a number written in the code, which nobody can update: those channels stay."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.one, self.last = conv(3, 12), conv(4, 6), conv(14, 5)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images)
        return self.last(torch.cat([self.one(maps[:, :4]), maps[:, 4:]], dim=1))


class Gate(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(size, 6, 1), nn.Conv2d(6, size, 1)

    def forward(self, maps: Tensor) -> Tensor:
        pooled = maps.mean((2, 3), keepdim=True)
        return maps * torch.sigmoid(self.excite(torch.relu(self.squeeze(pooled))))


class SharedGateBlock(nn.Module):
    """Branches of growing depth, one gate shared by all of them, and a shortcut (as in OSNet)."""

    def __init__(self, source: int, size: int, hidden: int) -> None:
        super().__init__()
        self.enter = conv(source, hidden, 1)
        self.one = conv(hidden, hidden, 3, hidden)
        self.two = nn.Sequential(conv(hidden, hidden, 1), conv(hidden, hidden, 3, hidden))
        self.gate = Gate(hidden)
        self.leave = nn.Sequential(nn.Conv2d(hidden, size, 1), nn.BatchNorm2d(size))
        self.shortcut = nn.Conv2d(source, size, 1) if source != size else None

    def forward(self, maps: Tensor) -> Tensor:
        entered = self.enter(maps)
        branches = self.gate(self.one(entered)) + self.gate(self.two(entered))
        around = maps if self.shortcut is None else self.shortcut(maps)
        return F.relu(self.leave(branches) + around)


class ReIdentifier(nn.Module):
    """GeM pooling, a BN neck, and a classifier that exists in training only."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(3, 12), conv(12, 10))
        self.power = nn.Parameter(torch.full((1,), 3.0))
        self.reduce, self.neck = nn.Linear(10, 7), nn.BatchNorm1d(7)
        self.classifier = nn.Linear(7, 9)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.body(images).clamp(min=1e-6).pow(self.power)
        pooled = F.adaptive_avg_pool2d(maps, 1).pow(1.0 / self.power).view(maps.size(0), -1)
        embedding = self.neck(self.reduce(pooled))
        return self.classifier(embedding) if self.training else embedding


class Flattened(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = conv(3, 8), nn.Linear(8 * 4 * 2, 6)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(torch.sigmoid(F.adaptive_avg_pool2d(self.body(images), (4, 2))).flatten(1))


class Scaled(nn.Module):
    """Per-channel parameters and a norm without any; attention over space from one map."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8)
        self.scale, self.slope = nn.Parameter(torch.rand(8, 1, 1) + 0.5), nn.PReLU(8)
        self.where, self.last = nn.Conv2d(8, 1, 1), conv(8, 5)
        self.register_buffer("shift", torch.rand(1, 8, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        maps = self.slope(self.norm(self.first(images)) * self.scale + self.shift)
        return self.last(maps * torch.sigmoid(self.where(maps)))


HANDMADE = {
    "concatenated": lambda: Embedder(Concatenated()),
    "concatenated-sum": lambda: Embedder(ConcatenatedSum()),
    "chunked": lambda: Embedder(Chunked()),
    "instance-and-batch": lambda: Embedder(InstanceAndBatch()),
    "halves-apart": lambda: Embedder(
        nn.Sequential(nn.Conv2d(3, 12, 3), HalvesApart([5, 7]), nn.ReLU(), conv(12, 5))
    ),
    "light": lambda: Embedder(
        nn.Sequential(
            *(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Conv2d(8, 6, 1), nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3, groups=6), nn.ReLU()),
            conv(6, 5),
        )
    ),
    "listed-split": lambda: Embedder(ListedSplit()),
    "sliced": lambda: Embedder(Sliced()),
    "gated": lambda: Embedder(nn.Sequential(conv(3, 12), Gate(12), conv(12, 5))),
    "shared-gate": lambda: Embedder(
        nn.Sequential(
            conv(3, 8), SharedGateBlock(8, 16, 6), SharedGateBlock(16, 16, 6), conv(16, 5)
        )
    ),
    "depthwise": lambda: Embedder(
        nn.Sequential(conv(3, 8), conv(8, 16, groups=8), conv(16, 16, groups=16), conv(16, 5))
    ),
    "grouped-blocks": lambda: Embedder(
        nn.Sequential(conv(3, 16), conv(16, 24, groups=8), conv(24, 5))
    ),
    "grouped-lanes": lambda: Embedder(
        nn.Sequential(conv(3, 16), conv(16, 12, groups=2), conv(12, 5))
    ),
    "reidentifier": ReIdentifier,
    "flattened": Flattened,
    "scaled": lambda: Embedder(Scaled()),
}

BACKBONES = {
    **{
        f"resnet{d}-s{s}": (lambda d=d, s=s: resnet(d, s))
        for d in (18, 34, 50, 101)
        for s in (2, 1)
    },
    "mobilenet": mobilenet,
}


@cache
def dense(name: str) -> tuple[nn.Module, ChannelGraph]:
    """A lively float64 network and its capture, made once; copy before changing it."""
    torch.manual_seed(0)
    network = lively({**HANDMADE, **BACKBONES}[name]()).double()
    return network, capture(network, SMALL)


def fresh(name: str) -> tuple[nn.Module, ChannelGraph]:
    network, graph = dense(name)
    return copy.deepcopy(network), graph


def lively(network: nn.Module) -> nn.Module:
    """Give norms affine parameters at random and statistics that are nearly their input's.

    So every layer's signal reaches the embedding, and nothing is exact by luck.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._NormBase)]
    for norm in norms:
        norm.momentum = 1.0
        if norm.weight is not None:
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.3, 0.5)
    with torch.no_grad():
        network.train()(torch.randn(8, *SMALL))
    for norm in norms:
        norm.momentum = 0.1
        if norm.running_var is not None:
            norm.running_mean += 0.2 * torch.rand_like(norm.running_mean)
            norm.running_var *= 0.5 + torch.rand_like(norm.running_var)
    return network.eval()


def random_plan(graph: ChannelGraph, scope: str, seed: int) -> PruningPlan:
    """Keep random channels of every group in scope: any number of them, or half at least.

    Odd seeds may leave single channels; even ones keep enough for a signal to pass.
    """
    random = np.random.default_rng(seed)
    widths = graph.widths
    kept = {name: tuple(range(size)) for name, size in widths.items()}
    for group in graph.in_scope(scope):
        least = 1 if seed % 2 else max(1, group.size // 2)
        count = int(random.integers(least, group.size + 1))
        kept[group.name] = tuple(sorted(random.permutation(group.size)[:count].tolist()))
    return PruningPlan(kept, widths)


def images(network: nn.Module, seed: int = 1) -> Tensor:
    like = next(network.parameters())
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((2, *SMALL), generator=generator).to(like.dtype)


@torch.no_grad()
def embed(network: nn.Module) -> Tensor:
    return network.eval()(images(network))
