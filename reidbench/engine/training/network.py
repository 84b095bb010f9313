"""The trained network: an embedding path that is measured and pruned, and a head that is not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from reidbench.engine.modes import evaluating
from reidbench.engine.training.seeds import isolated


class Network(nn.Module):
    """A backbone, an optional BNNeck, and an identity classifier for training.

    The BNNeck (Luo et al. 2019) is a batch norm with a frozen zero bias between the embedding that
    the triplet loss sees and the one that is classified and matched. The backbone's embedding size
    never changes, so pruning does not touch the head.
    """

    def __init__(
        self, backbone: nn.Module, embedding_size: int, identities: int, *, bnneck: bool
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck: nn.Module = nn.Identity()
        if bnneck:
            self.neck = nn.BatchNorm1d(embedding_size)
            self.neck.bias.requires_grad_(False)
        self.classifier = nn.Linear(embedding_size, identities, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings for matching: images (n, 3, h, w) to (n, d), after the BNNeck."""
        embeddings: Tensor = self.neck(self.backbone(images))
        return embeddings

    def for_training(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return embeddings (n, d) before the BNNeck, and identity logits (n, identities)."""
        embeddings = self.backbone(images)
        return embeddings, self.classifier(self.neck(embeddings))


def from_weight(weight: Tensor) -> nn.Linear:
    """Return a classifier without bias: ``weight`` (classes, d), of one trained elsewhere."""
    classes, size = weight.shape
    classifier = nn.Linear(size, classes, bias=False)
    with torch.no_grad():
        classifier.weight.copy_(weight)
    return classifier


def build_network(
    backbone: Callable[[], nn.Module],
    input_size: tuple[int, int, int],
    identities: int,
    *,
    bnneck: bool,
    seed: int,
) -> Network:
    """Build a network whose initial weights depend on ``seed`` alone.

    ``backbone()`` makes the feature extractor; ``input_size`` is (channels, height, width).
    """
    with isolated(seed):
        module = backbone()
        return Network(module, embedding_size(module, input_size), identities, bnneck=bnneck)


def embedding_size(backbone: nn.Module, input_size: tuple[int, int, int]) -> int:
    """Return d of the backbone's embeddings (n, d), by one forward pass in eval mode."""
    with evaluating(backbone), torch.no_grad():
        embeddings = backbone(torch.zeros(1, *input_size))
    if embeddings.ndim != 2:
        shape = tuple(embeddings.shape)
        raise ValueError(f"a backbone must return embeddings (n, d), not a tensor of shape {shape}")
    return int(embeddings.shape[1])
