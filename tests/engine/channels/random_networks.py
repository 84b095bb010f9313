"""Small random networks: convolutions, attention, joins, cuts, and numbers of every origin.

A network is spelled as a list of blocks, ("name", number) or ("name", block, block), so that a
failing one shrinks to the few blocks that matter. A block is built for the channels it gets and
says how many it makes; all keep the 8x8 map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tests.engine.channels.attention_blocks import KINDS
from tests.engine.channels.right_or_refused import Blur, FrozenNorm, Own

SIZE = (3, 8, 8)
Built = tuple[nn.Module, int]
SIZES = (8, 12, 16, 6, 24, 4)


def own(function: Callable[..., Tensor], size: int, **parts: Any) -> Built:
    return Own(function, **parts), size


def convolution(size: int, number: int) -> Built:
    out = SIZES[number % 6]
    return nn.Sequential(nn.Conv2d(size, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()), out


def pointwise(size: int, number: int) -> Built:
    out = SIZES[number % 6]
    layers = [nn.Conv2d(size, out, 1, bias=number % 2 == 0)]
    return nn.Sequential(*layers, [nn.Hardswish(), nn.SiLU(), nn.Sigmoid()][number % 3]), out


def grouped(size: int, number: int) -> Built:
    groups = [size, 2, size // 2, 4][number % 4]
    return nn.Conv2d(size, size, 3, padding=1, groups=groups if size % groups == 0 else 2), size


def widened(size: int, number: int) -> Built:
    return nn.Conv2d(size, 2 * size, 3, padding=1, groups=size), 2 * size


def norm(size: int, number: int) -> Built:
    kinds = [
        lambda: nn.BatchNorm2d(size),
        lambda: nn.InstanceNorm2d(size, affine=True),
        lambda: nn.GroupNorm(2, size),
        lambda: nn.GroupNorm(size // 2, size),
        lambda: nn.GroupNorm(1, size),
        lambda: FrozenNorm(size),
    ]
    return kinds[number % 6](), size


def layer_norm(size: int, number: int) -> Built:
    def forward(part: Any, maps: Tensor) -> Tensor:
        return part.norm(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    return own(forward, size, norm=nn.LayerNorm(size))


def activation(size: int, number: int) -> Built:
    kinds = [nn.GELU(), nn.PReLU(size), nn.PReLU(), nn.Softplus(), nn.LeakyReLU(), nn.ReLU6()]
    return kinds[number % 6], size


def scale(size: int, number: int) -> Built:
    shape = [(size, 1, 1), (1, size, 1, 1), (size,), (1,)][number % 4]
    functions = [
        lambda s, x: x * s.g,
        lambda s, x: x + s.g.exp(),
        lambda s, x: x * s.g.sigmoid()[None, :, None, None],
        lambda s, x: x / (s.g + 2),
    ]
    return own(functions[number % 4], size, g=nn.Parameter(torch.rand(shape) + 0.5))


def gate(size: int, number: int) -> Built:
    functions = [
        lambda s, x: x * s.excite(F.relu(s.squeeze(x.mean((2, 3), keepdim=True)))).sigmoid(),
        lambda s, x: x * s.one(x).sigmoid(),
        lambda s, x: x * s.one(x).sigmoid().expand_as(x),
        lambda s, x: x * s.one(x).repeat(1, x.shape[1], 1, 1),
        lambda s, x: torch.where(s.excite(s.squeeze(x)) > 0, x, 0.1 * x),
    ]
    layers = {"squeeze": nn.Conv2d(size, 4, 1), "excite": nn.Conv2d(4, size, 1)}
    return own(functions[number % 5], size, one=nn.Conv2d(size, 1, 1), **layers)


def cut(size: int, number: int) -> Built:
    half, quarter = size // 2, max(1, size // 4)
    functions = [
        lambda s, x: torch.cat([2 * p for p in x.chunk(2, 1)], 1),
        lambda s, x: torch.cat([p.sigmoid() for p in x.split(s.half, 1)], 1),
        lambda s, x: torch.cat([2 * x.split(half, 1)[0], x.split(half, 1)[1]], 1),
        lambda s, x: torch.cat([2 * x.split(s.sizes, 1)[0], x.split(s.sizes, 1)[1]], 1),
        lambda s, x: torch.cat([2 * x[:, :quarter], x[:, quarter:]], 1),
        lambda s, x: torch.cat([2 * x[:, : x.shape[1] // 2], x[:, x.shape[1] // 2 :]], 1),
        lambda s, x: torch.cat([p.sigmoid() for p in x.split(s.half, 1)], 1) / s.half,
        lambda s, x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1].sigmoid(),
        lambda s, x: F.glu(x, 1),
    ]
    chosen = number % 9
    parts = {"half": half} if chosen in (1, 2, 6) else {}
    parts |= {"sizes": [half, size - half]} if chosen == 3 else {}
    return own(functions[chosen], half if chosen > 6 else size, **parts)


def reshaped(size: int, number: int) -> Built:
    functions = [
        lambda s, x: x.flatten(2).softmax(-1).view(x.shape),
        lambda s, x: x.view(x.shape[0], s.channels, -1).softmax(-1).view(x.shape),
        lambda s, x: x.view(x.shape[0], size, -1).cumsum(-1).view_as(x) * 0.1,
        lambda s, x: x.reshape(x.shape[0], -1, 16).softmax(-1).reshape_as(x),
        lambda s, x: x.view(x.shape[0], 2, -1, 8, 8).sum(1).repeat(1, 2, 1, 1),
        lambda s, x: x.view(x.shape[0], 2, x.shape[1] // 2, 8, 8).transpose(1, 2).flatten(1, 2),
        lambda s, x: x.view(x.shape[0], x.shape[1] // 2, 2, 8, 8).mean(2).repeat_interleave(2, 1),
    ]
    return own(functions[number % 7], size, channels=size)


def moved(size: int, number: int) -> Built:
    functions = [
        lambda s, x: x.roll(1, 2) + x.flip(3),
        lambda s, x: x.roll(1, 1),
        lambda s, x: F.channel_shuffle(x, 2),
        lambda s, x: F.pixel_unshuffle(F.interpolate(x, scale_factor=2.0), 2),
        lambda s, x: F.pixel_shuffle(torch.cat([x, x, x, x], 1), 2)[..., ::2, ::2],
        lambda s, x: torch.stack(x.unbind(2), 2).swapaxes(2, 3).movedim(2, 3),
        lambda s, x: F.unfold(x, 3, padding=1).view(x.shape[0], -1, 8, 8),
        lambda s, x: F.pad(x, (0, 0, 0, 0, 1, 2)),
        lambda s, x: torch.stack([x, x.sigmoid()], 1).sum(1),
        lambda s, x: F.interpolate(x, size=(8, 8), mode="bicubic") + x.new_ones(1),
        lambda s, x: x.repeat(1, 2, 1, 1),
    ]
    outs = {3: 4 * size, 6: 9 * size, 7: size + 3, 10: 2 * size}
    return own(functions[number % 11], outs.get(number % 11, size))


def arithmetic(size: int, number: int) -> Built:
    functions = [
        lambda s, x: x / (x.square().mean((2, 3), keepdim=True)),
        lambda s, x: torch.addcmul(x, x, x.sigmoid(), value=0.5),
        lambda s, x: x - x.max(1, keepdim=True)[0],
        lambda s, x: x - x.amax((2, 3), keepdim=True),
        lambda s, x: x + torch.zeros_like(x).add_(1.0),
        lambda s, x: x + torch.ones(size, 1, 1),
        lambda s, x: x * (1.0 / x.shape[1]),
        lambda s, x: F.normalize(x, dim=1),
        lambda s, x: F.normalize(x, dim=3),
        lambda s, x: x.masked_fill(x < 0, 0.25),
        lambda s, x: (x.abs() + 0.1).pow(0.5) - (x.abs() + 0.1).log(),
    ]
    return own(functions[number % 11], size)


def attention(size: int, number: int) -> Built:
    def heads(part: Any, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        queries, keys, values = (
            part.qkv(tokens).reshape(len(maps), 64, 3, 2, -1).permute(2, 0, 3, 1, 4).unbind(0)
        )
        mixed = F.scaled_dot_product_attention(queries, keys, values)
        mixed = part.out(mixed.transpose(1, 2).reshape(len(maps), 64, -1))
        return maps + mixed.transpose(1, 2).reshape(maps.shape)

    def bare(part: Any, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        mixed = part.attention(tokens, tokens, tokens, need_weights=False)[0]
        return mixed.transpose(1, 2).unflatten(2, (8, 8))

    def gram(part: Any, maps: Tensor) -> Tensor:
        flat = maps.flatten(2)
        mixed = torch.einsum("bct,bst->bcs", flat, flat).softmax(-1) @ flat
        return mixed.view(maps.shape)

    def spatial(part: Any, maps: Tensor) -> Tensor:
        keys, values = part.key(maps).flatten(2), maps.flatten(2)
        return (values @ (keys.mT @ keys).softmax(-1)).unflatten(2, (8, 8))

    def mlp(part: Any, maps: Tensor) -> Tensor:
        tokens = maps.permute(0, 2, 3, 1)
        return maps + part.shrink(F.gelu(part.grow(tokens))).permute(0, 3, 1, 2)

    chosen = number % 5
    parts: list[dict[str, nn.Module]] = [
        {"qkv": nn.Linear(size, 3 * size), "out": nn.Linear(size, size)},
        {"attention": nn.MultiheadAttention(size, 2, batch_first=True)},
        {},
        {"key": nn.Conv2d(size, 4, 1)},
        {"grow": nn.Linear(size, 20), "shrink": nn.Linear(20, size)},
    ]
    return own([heads, bare, gram, spatial, mlp][chosen], size, **parts[chosen])


def heads(size: int, number: int) -> Built:
    return KINDS[number % len(KINDS)](size, 2 + number % 3), size


def folded(size: int, number: int) -> Built:
    functions = [
        lambda s, x: torch.cat(s.conv(torch.cat(x.chunk(4, 2), 0)).chunk(4, 0), 2),
        lambda s, x: s.one(x.reshape(-1, 1, 8, 8)).view(x.shape),
        lambda s, x: s.one(x.flatten(0, 1)[:, None]).unflatten(0, (-1, x.shape[1])).squeeze(2),
    ]
    layers = {"conv": nn.Conv2d(size, size, 3, padding=1), "one": nn.Conv2d(1, 1, 3, padding=1)}
    return own(functions[number % 3], size, **layers)


def functional(size: int, number: int) -> Built:
    weight = nn.Parameter(torch.rand(size, size))
    functions = [
        lambda s, x: F.conv2d(x, s.d, padding=1, groups=s.n),
        lambda s, x: F.conv2d(x, s.w[..., None, None]),
        lambda s, x: F.linear(x.permute(0, 2, 3, 1), s.w).permute(0, 3, 1, 2),
        lambda s, x: (x.permute(0, 2, 3, 1) @ s.w).permute(0, 3, 1, 2),
        lambda s, x: torch.einsum("bchw,oc->bohw", x, s.w),
        lambda s, x: F.conv2d(x, s.w[..., None, None] * 2, s.b) + F.conv2d(x, s.w[..., None, None]),
    ]
    depthwise = nn.Parameter(torch.rand(size, 1, 3, 3))
    bias = nn.Parameter(torch.rand(size))
    return own(functions[number % 6], size, w=weight, d=depthwise, b=bias, n=size)


def upsampled(size: int, number: int) -> Built:
    out = SIZES[number % 6]
    layers = [nn.ConvTranspose2d(size, out, 2, 2), nn.AvgPool2d(2), Blur(out), nn.Upsample((8, 8))]
    return nn.Sequential(*layers[: 2 + 2 * (number % 2)]), out


def shared(size: int, number: int) -> Built:
    one, two = nn.Conv2d(size, size, 1), nn.Conv2d(size, size, 1, bias=number % 2 == 0)
    two.weight = one.weight
    return nn.Sequential(one, nn.Tanh(), two, *[one] * (number % 3)), size


LEAVES: dict[str, Callable[[int, int], Built]] = {
    made.__name__: made
    for made in (
        *(convolution, pointwise, grouped, widened, norm, layer_norm, activation, scale, gate, cut),
        *(reshaped, moved, arithmetic, attention, heads, folded, functional, upsampled, shared),
    )
}


def residual(size: int, first: Built, second: Built) -> Built:
    def forward(part: Any, maps: Tensor) -> Tensor:
        return maps + part.back(part.inner(maps))

    return own(forward, size, inner=first[0], back=nn.Conv2d(first[1], size, 1))


def padded(size: int, first: Built, second: Built) -> Built:
    """A shortcut that is as wide as what it is added to only with channels of zeros."""
    out = first[1]
    if out < size:
        return first

    def forward(part: Any, maps: Tensor) -> Tensor:
        return part.inner(maps) + F.pad(maps, (0, 0, 0, 0, 0, out - size))

    return own(forward, out, inner=first[0])


def joined(size: int, first: Built, second: Built) -> Built:
    def forward(part: Any, maps: Tensor) -> Tensor:
        return torch.cat([part.one(maps), part.two(maps)], 1)

    return own(forward, first[1] + second[1], one=first[0], two=second[0])


def summed(size: int, first: Built, second: Built) -> Built:
    if first[1] != second[1]:
        return joined(size, first, second)

    def forward(part: Any, maps: Tensor) -> Tensor:
        return part.one(maps) * 0.5 + part.two(maps)

    return own(forward, first[1], one=first[0], two=second[0])


def again(size: int, first: Built, second: Built) -> Built:
    if first[1] != size:
        return first
    return own(lambda s, x: s.block(s.block(x)), size, block=first[0])


JOINTS = {made.__name__: made for made in (residual, padded, joined, summed, again)}


def block(spec: Any, size: int) -> Built:
    if spec[0] in LEAVES:
        return LEAVES[spec[0]](size, spec[1])
    if size > 64:
        return nn.Identity(), size
    return JOINTS[spec[0]](size, block(spec[1], size), block(spec[2], size))


def network(stem: int, specs: list[Any]) -> nn.Module:
    """Build the network that a stem's width and a list of blocks spell."""
    torch.manual_seed(0)
    size = SIZES[stem % 6]
    layers: list[nn.Module] = [nn.Conv2d(3, size, 3, padding=1)]
    for spec in specs:
        made, size = block(spec, size)
        layers.append(made)
        if size > 64 or size % 4:
            layers.append(nn.Conv2d(size, 8, 1))
            size = 8
    layers += [nn.Conv2d(size, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers)


_leaf = st.tuples(st.sampled_from(sorted(LEAVES)), st.integers(0, 53))
_block = st.one_of(_leaf, st.tuples(st.sampled_from(sorted(JOINTS)), _leaf, _leaf))
SPECS = st.tuples(st.integers(0, 5), st.lists(_block, min_size=1, max_size=5))
