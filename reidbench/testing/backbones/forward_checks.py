"""Checks of a backbone's forward pass: embeddings at every size, alone, again, and in training."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from reidbench.engine.training.seeds import isolated
from reidbench.testing.backbones.candidate import BackboneCandidate, Size, pictures, words
from reidbench.testing.check import Blocked, CheckFailed, trying
from reidbench.testing.recording import difference, same, snapshot

CLOSE = 1e-3
"""Of the largest number: what float32 rounds differently in batches of other sizes."""


def embeds(backbone: BackboneCandidate) -> None:
    """Embed a batch of images in eval mode."""
    backbone.embed(backbone.built(), pictures(backbone.size), "in eval mode")


def accepts_size(backbone: BackboneCandidate, size: Size) -> None:
    """Embed images of another size; the embedding must not change its width."""
    network = backbone.reference
    width = backbone.embedded(network, pictures(backbone.size)).shape[1]
    found = backbone.embed(network, pictures(size), f"at {words(size)}").shape[1]
    if found != width:
        raise CheckFailed(
            f"{backbone} gives embeddings of {width} at {words(backbone.size)} and of {found} at "
            f"{words(size)}; pool to one position, as nn.AdaptiveAvgPool2d(1) does"
        )


def one_image_alone(backbone: BackboneCandidate) -> None:
    """Embed images one by one, and compare with the whole batch."""
    network, images = backbone.reference, pictures(backbone.size)
    whole = backbone.embedded(network, images)
    where = "for a batch of one image"
    alone = torch.cat([backbone.embed(network, image[None], where) for image in images])
    if alone.shape == whole.shape and _close(alone, whole):
        return
    if not same(backbone.embedded(network, images, seed=3), whole):
        raise Blocked("needs 'deterministic-in-eval-mode' to pass first")
    if _left_training(network):
        raise Blocked("needs 'untouched-by-eval-mode' to pass first")
    raise CheckFailed(
        f"{backbone} gives an image another embedding alone than among {len(images)}, in eval "
        "mode; let no image see the others: no statistics of the batch, no squeeze() of its "
        "dimension"
    )


def deterministic_in_eval_mode(backbone: BackboneCandidate) -> None:
    """Embed the same images twice with other random states, and compare bit for bit."""
    network, images = backbone.reference, pictures(backbone.size)
    embed = partial(backbone.embed, network, images, "in eval mode")
    if not same(embed(seed=1), embed(seed=2)):
        raise CheckFailed(
            f"{backbone} gave other embeddings for the same images in eval mode; draw random "
            "numbers only where self.training is true, as nn.Dropout does"
        )


def untouched_by_eval_mode(backbone: BackboneCandidate) -> None:
    """Compare everything of the network before and after it embeds images in eval mode."""
    network = backbone.built()
    if left := _left_training(network):
        raise CheckFailed(
            f"{backbone}: module '{left[0] or 'the network itself'}' is still in training mode "
            "after eval(); let train(mode) pass on to super().train(mode) and return it"
        )
    before = snapshot(network)
    backbone.embedded(network, pictures(backbone.size))
    if change := difference(before, snapshot(network)):
        raise CheckFailed(
            f"{backbone} changed {change} when it embedded images in eval mode; a network that is "
            "measured must stay what it is: update only where self.training is true"
        )


def trains_every_weight(backbone: BackboneCandidate) -> None:
    """Take the gradient of a loss of the embeddings in training mode: each parameter has one."""
    network = backbone.built()
    backbone.embedded(network, pictures(backbone.size))
    embeddings = backbone.embed(network, pictures(backbone.size), "in training mode", train=True)
    with trying(backbone.record, "in the backward pass of training"), isolated(0):
        (embeddings * torch.randn_like(embeddings)).sum().backward()  # type: ignore[no-untyped-call]
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            raise CheckFailed(
                f"{backbone}: parameter '{name}' is frozen (requires_grad is false), so that no "
                "phase would train it; leave it free, or register it as a buffer"
            )
        if parameter.grad is None:
            raise CheckFailed(
                f"{backbone}: parameter '{name}' takes no part in the embedding: it gets no "
                "gradient, cannot be pruned, and is counted in every table; remove its layer, "
                "e.g. the classifier: network.fc = nn.Identity()"
            )


def _left_training(network: nn.Module) -> list[str]:
    """Return the modules that are in training mode after ``eval()``."""
    network.eval()
    return [name for name, part in network.named_modules() if part.training]


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return float((one - other).abs().max()) <= CLOSE * float(other.abs().max())
