"""Networks that an engine gets wrong if it trusts what an exported graph shows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Between(nn.Module):
    """A module between two convolutions, pooled to one vector an image."""

    def __init__(self, middle: nn.Module, size: int = 16) -> None:
        super().__init__()
        self.a, self.bn = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.mid, self.b = middle, nn.Conv2d(size, 5, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.b(self.mid(self.bn(self.a(images)))).mean((2, 3))


class Halves(nn.Module):
    """Splits at a literal; an attribute that has nothing to do with it holds the same number."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = 8

    def forward(self, maps: Tensor) -> Tensor:
        one, two = maps.split(8, 1)
        return torch.cat([2 * one, two], 1)


class UsedTwice(nn.Module):
    """Splits at its own number, and divides by it as well."""

    def __init__(self) -> None:
        super().__init__()
        self.half = 8

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([part * 1.0 for part in maps.split(self.half, 1)], 1) / self.half


class SpatialSoftmax(nn.Module):
    """Views by its own number of channels, which goes on dividing by the old one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, maps: Tensor) -> Tensor:
        return maps.view(maps.shape[0], self.channels, -1).softmax(-1).view(maps.shape)


class Literal(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps.view(maps.shape[0], 16, -1).mean(2)[..., None, None]


class LikeItsInput(nn.Module):
    """Reshapes one map by the shape of another (timm's lambda layer)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(16, 16, 1), nn.GroupNorm(1, 16)

    def forward(self, maps: Tensor) -> Tensor:
        return self.norm(self.conv(maps)).reshape(maps.shape)


class BareAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        mixed = self.attention(tokens, tokens, tokens)[0]
        return maps + mixed.transpose(1, 2).reshape(maps.shape)


class Blur(nn.Module):
    """A depthwise filter from a buffer, with as many groups as the module says (timm)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.register_buffer("filter", torch.rand(channels, 1, 3, 3))

    def forward(self, maps: Tensor) -> Tensor:
        return F.conv2d(maps, self.filter, stride=2, groups=self.channels)


class PlainFilter(nn.Module):
    """A filter in a plain tensor attribute, which cannot be cut."""

    def __init__(self, *shape: int, groups: int = 1) -> None:
        super().__init__()
        self.filter, self.groups = torch.rand(*shape), groups

    def forward(self, maps: Tensor) -> Tensor:
        return F.conv2d(maps, self.filter, groups=self.groups)


def shared_weight() -> nn.Module:
    one, two = nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 1)
    two.weight = one.weight
    return nn.Sequential(one, nn.ReLU(), two)


class ComputedScale(nn.Module):
    """A batch norm whose scale is computed: from its own vector, or from its input."""

    def __init__(self, *, from_input: bool) -> None:
        super().__init__()
        self.gain, self.from_input = nn.Parameter(torch.rand(16)), from_input
        self.register_buffer("mean", torch.zeros(16))
        self.register_buffer("variance", torch.ones(16))

    def forward(self, maps: Tensor) -> Tensor:
        scale = maps.mean((0, 2, 3)) if self.from_input else self.gain.exp() * 0.5
        return F.batch_norm(maps, self.mean, self.variance, scale)


class FrozenNorm(nn.Module):
    """Batch norm from buffers alone (torchvision's detectors)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        for name in ("weight", "bias", "running_mean", "running_var"):
            self.register_buffer(name, torch.rand(size) + 0.5)

    def forward(self, maps: Tensor) -> Tensor:
        weight, bias = self.weight.reshape(1, -1, 1, 1), self.bias.reshape(1, -1, 1, 1)
        variance = self.running_var.reshape(1, -1, 1, 1)
        scale = weight * (variance + 1e-5).rsqrt()
        return maps * scale + (bias - self.running_mean.reshape(1, -1, 1, 1) * scale)


class Own(nn.Module):
    """Any function of the map, with any parameters."""

    def __init__(self, function, **parts) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = function

    def forward(self, maps: Tensor) -> Tensor:
        return self.function(self, maps)


class TwoDepthwise(nn.Module):
    """A depthwise convolution over the channels of two groups (timm's mixnet)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 12, 3, padding=1)
        self.depthwise, self.out = nn.Conv2d(20, 20, 3, padding=1, groups=20), nn.Conv2d(20, 5, 1)

    def forward(self, images: Tensor) -> Tensor:
        both = torch.cat([self.a(images), self.b(images)], 1)
        return self.out(self.depthwise(both)).mean((2, 3))


class Stripes(nn.Module):
    """One convolution over four stripes that are folded into the batch, as part models do."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.part = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.out = nn.Conv2d(32, 8, 1)

    def forward(self, images: Tensor) -> Tensor:
        stripes = self.part(torch.cat(torch.relu(self.a(images)).chunk(4, 2), 0))
        return self.out(torch.cat(stripes.chunk(4, 0), 2)).mean((2, 3))


class Gram(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        flat = maps.flatten(2)
        weights = torch.einsum("bct,bst->bcs", flat, flat).softmax(-1)
        return weights.bmm(flat).view(maps.shape)


class Project(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(16, 16))

    def forward(self, maps: Tensor) -> Tensor:
        return torch.einsum("bchw,oc->bohw", maps, self.weight)


class Rows(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.norm, self.cells = nn.GroupNorm(1, 16), kind(16, 16, batch_first=True)

    def forward(self, maps: Tensor) -> Tensor:
        rows = self.norm(maps).mean(3).transpose(1, 2)
        return self.cells(rows)[0].transpose(1, 2).unsqueeze(3)


class Added(nn.Module):
    """Projects by torch.addmm."""

    def __init__(self) -> None:
        super().__init__()
        self.bias, self.weight = nn.Parameter(torch.rand(16)), nn.Parameter(torch.rand(16, 16))

    def forward(self, maps: Tensor) -> Tensor:
        pooled = torch.addmm(self.bias, maps.mean((2, 3)), self.weight)
        return maps * pooled[..., None, None]


class Dotted(nn.Module):
    """A product with a vector, which torch does not count."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.rand(16))

    def forward(self, maps: Tensor) -> Tensor:
        weights = maps.mean((2, 3)).matmul(self.query)
        return maps * weights[:, None, None, None]


class LiteralBlock(nn.Module):
    """A residual block whose inner map is viewed by its old number of channels."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.a, self.middle = nn.Conv2d(size, width, 1), SpatialSoftmax(width)
        self.b = nn.Conv2d(width, size, 1)

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.b(self.middle(self.a(maps)))


def literal_backbone(*, width: int = 96) -> nn.Module:
    """Return a backbone whose inner channels cannot go."""
    stem = nn.Conv2d(3, 16, 5, 4, 2)
    block = nn.Sequential(LiteralBlock(16, width), LiteralBlock(16, width))
    return nn.Sequential(stem, block, nn.AdaptiveAvgPool2d(1), nn.Flatten())
