"""Extracting embeddings, and what makes two sides of a retrieval fit together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reidbench.engine.retrieval import Features, extract, score
from reidbench.errors import ReidbenchError
from tests.engine.retrieval.cases import features, random_case


@pytest.fixture
def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.Dropout(0.5),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


def batches(*sizes: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(size, 3, 8, 4, generator=generator) for size in sizes]


def test_embeddings_come_in_order_as_float32_without_gradients(network: nn.Sequential) -> None:
    images = batches(5, 5, 2)
    embeddings = extract(network, images)
    assert embeddings.shape == (12, 4)
    assert embeddings.dtype == torch.float32
    assert not embeddings.requires_grad
    torch.testing.assert_close(embeddings, extract(network, [torch.cat(images)]))


def test_the_network_is_in_evaluation_mode_and_untouched(network: nn.Sequential) -> None:
    network.train()
    network[1].eval()  # a frozen part stays frozen
    before = {name: value.clone() for name, value in network.state_dict().items()}
    extract(network, batches(6))
    assert network.training
    assert network[2].training
    assert not network[1].training
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_training_flags_are_put_back_when_the_network_fails(network: nn.Sequential) -> None:
    network.train()
    with pytest.raises(RuntimeError):
        extract(network, [torch.zeros(2, 1, 8, 4)])
    assert all(part.training for part in network.modules())


def test_half_precision_and_plain_functions_are_embeddings_too() -> None:
    embeddings = extract(lambda images: images.mean(dim=(2, 3)).half(), batches(3))
    assert embeddings.dtype == torch.float32
    pids, camids = np.array([0, 0, 1]), np.array([0, 1, 1])
    assert (
        score(Features(embeddings, pids, camids), Features(embeddings, pids, camids)).queries == 3
    )


@pytest.mark.parametrize(
    ("network", "found"),
    [
        (lambda images: images, r"\(2, 3, 8, 4\)"),
        (lambda images: (images, images), "tuple"),
        (lambda images: images.mean(dim=(2, 3))[:1], r"\(1, 3\)"),
    ],
)
def test_an_output_that_is_no_embedding_is_refused(network: object, found: str) -> None:
    with pytest.raises(ReidbenchError, match=rf"returned {found} for 2 images"):
        extract(network, batches(2))


def test_no_batch_at_all_is_refused(network: nn.Sequential) -> None:
    with pytest.raises(ReidbenchError, match="at least one"):
        extract(network, [])


@pytest.mark.parametrize(
    "build",
    [
        lambda: features(torch.zeros(3), [0, 1, 2], [0, 0, 0]),
        lambda: features(torch.zeros(3, 0), [0, 1, 2], [0, 0, 0]),
        lambda: features(torch.zeros(3, 2), [0, 1], [0, 0, 0]),
        lambda: features(torch.zeros(3, 2), [0, 1, 2], [0, 0]),
    ],
)
def test_features_of_shapes_that_do_not_match_are_refused(build: object) -> None:
    with pytest.raises(ReidbenchError, match=r"expected \(n, d\), \(n,\) and \(n,\)"):
        build()


@pytest.mark.parametrize(
    ("query", "gallery", "options", "message"),
    [
        (([[0.0]], [-1], [0]), ([[0.0]], [1], [1]), {}, "query image 0 has identity -1"),
        (([[0.0]], [1], [0]), ([[0.0]], [-2], [1]), {}, "gallery image 0 has identity -2"),
        (([[0.0]], [1], [0]), ([[0.0, 1.0]], [1], [1]), {}, "same network"),
        (([[0.0]], [1], [0]), ([[0.0]], [1], [1]), {"chunk": 0}, "chunk is 0"),
        (([[0.0]], [1], [0]), ([[0.0]], [1], [1]), {"max_rank": 0}, "max_rank is 0"),
        ((torch.zeros(0, 1), [], []), ([[0.0]], [1], [1]), {}, "0 queries and 1 gallery"),
    ],
)
def test_sides_that_cannot_be_scored_are_refused(
    query: tuple, gallery: tuple, options: dict[str, int], message: str
) -> None:
    with pytest.raises(ReidbenchError, match=message):
        score(features(*query), features(*gallery), **options)


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ReidbenchError, match="did you mean 'cosine'"):
        score(*random_case(0), metric="cosin")
