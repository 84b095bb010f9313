"""The training loss: identity classification plus batch-hard triplets."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, relu

from reidbench.config.protocol import LossRules


def training_loss(embeddings: Tensor, logits: Tensor, labels: Tensor, rules: LossRules) -> Tensor:
    """Return the weighted sum of both losses, a scalar; computed in float32.

    ``embeddings`` (n, d) before the BNNeck, ``logits`` (n, identities), ``labels`` (n,).
    """
    identity = identity_loss(logits, labels, rules)
    if not rules.triplet:
        return identity  # a shuffled batch may hold no two images of a class
    triplet = batch_hard_triplet(embeddings.float(), labels, rules.margin)
    return identity + rules.triplet * triplet


def identity_loss(logits: Tensor, labels: Tensor, rules: LossRules) -> Tensor:
    """Return the weighted identity loss alone, a scalar; computed in float32."""
    loss = cross_entropy(logits.float(), labels, label_smoothing=rules.label_smoothing)
    return rules.identity * loss


def batch_hard_triplet(embeddings: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Return the mean hinge of hardest positive minus hardest negative plus ``margin``.

    Euclidean distances of un-normalised embeddings (Hermans et al. 2017, eq. 5). Every label needs
    two images in the batch, and the batch two labels.
    """
    # The faster modes subtract large squares: rounding would set equal embeddings apart.
    mode = "donot_use_mm_for_euclid_dist"
    distances = torch.cdist(embeddings, embeddings, compute_mode=mode)
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    hardest_positive = distances.masked_fill(~same, 0.0).amax(dim=1)
    hardest_negative = distances.masked_fill(same, torch.inf).amin(dim=1)
    return relu(hardest_positive - hardest_negative + margin).mean()
