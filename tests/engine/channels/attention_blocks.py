"""Blocks of attention as libraries write it: heads split off, mixed, and joined in many ways."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

HEAD = 4


class Attention(nn.Module):
    """Attention over the places of a map, by heads of four channels; kinds say how."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.num_heads, self.head_dim, self.attn_dim = heads, HEAD, heads * HEAD
        self.qkv, self.proj = nn.Linear(size, 3 * self.attn_dim), nn.Linear(self.attn_dim, size)

    def forward(self, maps: Tensor) -> Tensor:
        mixed = self.mixed(maps.flatten(2).transpose(1, 2))
        return maps + mixed.transpose(1, 2).unflatten(2, maps.shape[2:])

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, _ = tokens.shape
        heads = self.qkv(tokens).reshape(batch, length, 3, self.num_heads, self.head_dim)
        found = F.scaled_dot_product_attention(*heads.permute(2, 0, 3, 1, 4).unbind(0))
        return self.proj(found.transpose(1, 2).reshape(batch, length, self.attn_dim))


class ByProducts(Attention):
    """Multiplies matrices itself, and lets the view find out how large a head is."""

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, _ = tokens.shape
        heads = self.qkv(tokens).reshape(batch, length, 3, self.num_heads, -1)
        queries, keys, values = heads.permute(2, 0, 3, 1, 4).unbind(0)
        found = self.attended(queries * HEAD**-0.5 @ keys.transpose(-2, -1)) @ values
        return self.proj(found.transpose(1, 2).reshape(batch, length, -1))

    def attended(self, logits: Tensor) -> Tensor:
        return logits.softmax(-1)


class Biased(ByProducts):
    """Adds a learned number for each distance and head (Swin)."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.table = nn.Parameter(torch.randn(10, heads))
        self.register_buffer("distance", torch.arange(64 * 64) % 10, persistent=False)

    def attended(self, logits: Tensor) -> Tensor:
        bias = self.table[self.distance.view(-1)].view(64, 64, -1).permute(2, 0, 1)
        return (logits + bias.contiguous().unsqueeze(0)).softmax(-1)


class Tabled(ByProducts):
    """The same with a row for each head (LeViT), and a temperature for each head."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.table = nn.Parameter(torch.randn(heads, 10))
        self.temperature = nn.Parameter(torch.rand(heads, 1, 1))
        self.register_buffer("distance", torch.arange(64 * 64).view(64, 64) % 10)

    def attended(self, logits: Tensor) -> Tensor:
        return (logits * self.temperature.exp() + self.table[:, self.distance]).softmax(-1)


class Masked(ByProducts):
    """Adds a fixed mask: one for all heads, or one each, which keeps them."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.register_buffer("mask", torch.rand(heads if size > 8 else 1, 64, 64))

    def attended(self, logits: Tensor) -> Tensor:
        return (logits + self.mask).softmax(-1)


class Windows(ByProducts):
    """Looks at its windows apart to mask them (Swin's shifted windows)."""

    def attended(self, logits: Tensor) -> Tensor:
        apart = logits.view(-1, 1, self.num_heads, 64, 64) + torch.eye(64).view(1, 1, 1, 64, 64)
        return apart.view(-1, self.num_heads, 64, 64).softmax(-1)


class Talking(ByProducts):
    """Lets heads talk to each other (CaiT): each goes with its row and its column."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.talk = nn.Linear(heads, heads)

    def attended(self, logits: Tensor) -> Tensor:
        return self.talk(logits.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).softmax(-1)


class Chunked(Attention):
    """Cuts every head into query, key and value."""

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, _ = tokens.shape
        heads = self.qkv(tokens).view(batch, length, self.num_heads, 3 * self.head_dim)
        found = F.scaled_dot_product_attention(*heads.transpose(1, 2).chunk(3, -1))
        return self.proj(found.transpose(1, 2).flatten(2))


class Apart(Attention):
    """Makes queries, keys and values by layers of their own, and norms each head."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        del self.qkv
        self.q, self.k, self.v = (nn.Linear(size, self.attn_dim) for _ in range(3))
        self.norm = nn.LayerNorm(HEAD)

    def mixed(self, tokens: Tensor) -> Tensor:
        made = (self.norm(self.split(self.q(tokens))), self.split(self.k(tokens)))
        found = F.scaled_dot_product_attention(*made, self.split(self.v(tokens)))
        return self.proj(found.transpose(1, 2).flatten(2))

    def split(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(2, (self.num_heads, self.head_dim)).transpose(1, 2)


class Turned(Apart):
    """Turns queries and keys by their place (rotary embedding)."""

    def mixed(self, tokens: Tensor) -> Tensor:
        made = self.turned(self.split(self.q(tokens))), self.turned(self.split(self.k(tokens)))
        found = F.scaled_dot_product_attention(*made, self.split(self.v(tokens)))
        return self.proj(found.transpose(1, 2).reshape(*tokens.shape[:2], self.attn_dim))

    def turned(self, heads: Tensor) -> Tensor:
        angles = torch.arange(64.0)[:, None] * torch.arange(1.0, HEAD + 1)
        half = torch.stack([-heads[..., 1::2], heads[..., ::2]], -1).reshape(heads.shape)
        return heads * angles.cos() + half * angles.sin()


class NormedTogether(Attention):
    """Norms all heads together, so that none can go."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.proj = nn.Sequential(nn.LayerNorm(self.attn_dim), self.proj)


class Grouped(Apart):
    """Two queries share a key and a value."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, 2 * heads)
        self.num_kv_heads = heads
        self.k, self.v = (nn.Linear(size, heads * HEAD) for _ in range(2))

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, _ = tokens.shape
        shared = (
            layer(tokens).reshape(batch, length, self.num_kv_heads, -1).transpose(1, 2)
            for layer in (self.k, self.v)
        )
        pairs = (heads.repeat_interleave(2, dim=1) for heads in shared)
        found = F.scaled_dot_product_attention(self.split(self.q(tokens)), *pairs)
        return self.proj(found.transpose(1, 2).reshape(batch, length, -1))


class Literal(Attention):
    """Splits by numbers that stand in the code; an attribute holds the same."""

    def mixed(self, tokens: Tensor) -> Tensor:
        heads = self.qkv(tokens).unflatten(2, (3, 2, HEAD)).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(*heads.unbind(0))
        return self.proj(found.transpose(1, 2).flatten(2)) / self.num_heads


class OfItsInput(Attention):
    """Takes the size of a head from the width of its input, as many do."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.qkv, self.proj = nn.Linear(size, 3 * size), nn.Linear(size, size)
        del self.head_dim, self.attn_dim

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, size = tokens.shape
        shape = (batch, length, 3, self.num_heads, size // self.num_heads)
        heads = self.qkv(tokens).reshape(shape).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(*heads.unbind(0))
        return self.proj(found.transpose(1, 2).reshape(batch, length, size))


class Folded(Attention):
    """Folds heads into the batch."""

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, _ = tokens.shape
        heads = self.qkv(tokens).view(batch, length, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        queries, keys, values = heads.reshape(3, -1, length, self.head_dim)
        found = queries.bmm(keys.transpose(1, 2)).softmax(-1).bmm(values)
        found = found.view(batch, -1, length, self.head_dim).transpose(1, 2)
        return self.proj(found.reshape(batch, length, -1))


class Averaged(Attention):
    """Averages its heads, so that none can go."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.proj = nn.Linear(HEAD, size)

    def mixed(self, tokens: Tensor) -> Tensor:
        heads = self.qkv(tokens).unflatten(2, (3, self.num_heads, self.head_dim))
        return self.proj(
            F.scaled_dot_product_attention(*heads.permute(2, 0, 3, 1, 4).unbind(0)).mean(1)
        )


class Crossed(Attention):
    """Attends over channels, head by head (XCiT)."""

    def mixed(self, tokens: Tensor) -> Tensor:
        batch, length, _ = tokens.shape
        heads = self.qkv(tokens).reshape(batch, length, 3, self.num_heads, self.head_dim)
        queries, keys, values = heads.permute(2, 0, 3, 4, 1).unbind(0)
        queries, keys = F.normalize(queries, dim=-1), F.normalize(keys, dim=-1)
        found = (queries @ keys.transpose(-2, -1)).softmax(-1) @ values
        return self.proj(found.permute(0, 3, 1, 2).reshape(batch, length, self.attn_dim))


class Convolved(Attention):
    """Makes queries, keys and values by a convolution."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__(size, heads)
        self.qkv, self.proj = nn.Conv2d(size, 3 * heads * HEAD, 1), nn.Conv2d(heads * HEAD, size, 1)

    def forward(self, maps: Tensor) -> Tensor:
        queries, keys, values = (
            self.qkv(maps).reshape(len(maps), 3, self.num_heads, self.head_dim, -1).unbind(1)
        )
        weights = (queries.transpose(-2, -1) @ keys).softmax(-1)
        found = (values @ weights.transpose(-2, -1)).reshape(len(maps), -1, *maps.shape[2:])
        return maps + self.proj(found)


class OfTorch(nn.Module):
    """torch's own attention, with or without weights that are read."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        heads = 2 if size % heads else heads
        self.attention = nn.MultiheadAttention(size, heads, batch_first=heads == 2)
        self.weighted, self.first = heads == 4, heads == 2
        self.register_buffer("mask", torch.rand(64, 64) > 0.5)

    def forward(self, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)
        tokens = tokens if self.first else tokens.transpose(0, 1)
        mask = self.mask if self.weighted else None
        found, weights = self.attention(tokens, tokens, tokens, attn_mask=mask)
        found = found if self.first else found.transpose(0, 1)
        found = found * weights.mean((1, 2))[:, None, None] if self.weighted else found
        return maps + found.transpose(1, 2).unflatten(2, maps.shape[2:])


PRUNABLE = (
    *(Attention, ByProducts, Biased, Tabled, Masked, Windows, Talking, Chunked, Apart, Turned),
    *(Grouped, Folded, Crossed, Convolved),
)
KEPT = (NormedTogether, OfItsInput, Averaged)
KINDS: tuple[Callable[[int, int], nn.Module], ...] = (*PRUNABLE, *KEPT, Literal, OfTorch)
