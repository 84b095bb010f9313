"""``nn.MultiheadAttention`` whose heads can be fewer than its width has room for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class HeadwiseAttention(nn.MultiheadAttention):
    """Attend as ``nn.MultiheadAttention`` does, by as many heads as ``num_heads`` says.

    torch's own forward takes the size of a head from the width of its input, so it cannot lose one.
    A module becomes one of these when it loses heads; parameters and their names are the same.
    """

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return what the queries attend to, and the weights if they are asked for.

        Shapes and masks are those of ``nn.MultiheadAttention``. Of inputs that are not one tensor,
        and of one without batch, torch's forward takes care: heads do not go there.
        """
        if query is not key or key is not value or query.dim() != 3:
            return super().forward(
                *(query, key, value, key_padding_mask, need_weights, attn_mask),
                *(average_attn_weights, is_causal),
            )
        tokens = query if self.batch_first else query.transpose(0, 1)
        batch, length, _ = tokens.shape
        mixed = F.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        mixed = mixed.view(batch, length, 3, self.num_heads, self.head_dim)
        queries, keys, values = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        mask = _merged(attn_mask, key_padding_mask, batch, tokens.dtype)
        dropped = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            weights = queries * self.head_dim**-0.5 @ keys.transpose(-2, -1)
            weights = (weights if mask is None else weights + mask).softmax(-1)
            weights = F.dropout(weights, dropped) if dropped else weights
            found = weights @ values
            weights = weights.mean(1) if average_attn_weights else weights
        else:
            found = F.scaled_dot_product_attention(queries, keys, values, mask, dropped)
        found = self.out_proj(found.transpose(1, 2).reshape(batch, length, -1))
        return found if self.batch_first else found.transpose(0, 1), weights


def _merged(
    mask: Tensor | None, padding: Tensor | None, batch: int, dtype: torch.dtype
) -> Tensor | None:
    """Return both masks as one to be added to (batch, heads, queries, keys)."""
    found = None
    if mask is not None:
        found = _added(mask if mask.dim() == 2 else mask.view(batch, -1, *mask.shape[1:]), dtype)
    if padding is not None:
        ignored = _added(padding[:, None, None], dtype)
        found = ignored if found is None else found + ignored
    return found


def _added(mask: Tensor, dtype: torch.dtype) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros_like(mask, dtype=dtype).masked_fill(mask, float("-inf"))


def is_plain(part: nn.Module) -> bool:
    """Return whether a module is torch's own attention, of a kind that can lose heads."""
    return (
        type(part) is nn.MultiheadAttention
        and part._qkv_same_embed_dim
        and part.bias_k is None
        and not part.add_zero_attn
    )


def make_headwise(part: nn.MultiheadAttention) -> None:
    """Turn torch's attention into one that may lose heads, in place."""
    part.__class__ = HeadwiseAttention
    part._qkv_same_embed_dim = False  # torch's fused kernels count heads by the width


@contextmanager
def headwise(module: nn.Module) -> Iterator[None]:
    """Run with attention that tells its heads apart, and put torch's own back."""
    parts = [part for part in module.modules() if is_plain(part)]
    try:
        for part in parts:
            part.__class__ = HeadwiseAttention
        yield
    finally:
        for part in parts:
            part.__class__ = nn.MultiheadAttention
