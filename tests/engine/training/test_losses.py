"""Losses equal their formulas, written as loops."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.config.protocol import LossRules
from reidbench.engine.training.losses import batch_hard_triplet, training_loss

LABELS = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])


def embeddings(seed, dtype=torch.float64, size=5):
    return torch.randn(9, size, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def triplet_by_loops(vectors, labels, margin):
    total = 0.0
    for i, anchor in enumerate(vectors.tolist()):
        distance = [math.dist(anchor, other) for other in vectors.tolist()]
        positive = max(d for d, label in zip(distance, labels, strict=True) if label == labels[i])
        negative = min(d for d, label in zip(distance, labels, strict=True) if label != labels[i])
        total += max(0.0, positive - negative + margin)
    return total / len(vectors)


@given(seed=st.integers(0, 10**6), margin=st.floats(0, 2))
@settings(max_examples=60)
def test_the_triplet_loss_is_the_hardest_positive_less_the_hardest_negative(seed, margin):
    vectors = embeddings(seed)
    loss = batch_hard_triplet(vectors, LABELS, margin).item()
    assert loss == pytest.approx(triplet_by_loops(vectors, LABELS.tolist(), margin), abs=1e-12)


def test_the_triplet_losss_gradient_is_that_of_finite_differences():
    vectors = embeddings(3).requires_grad_()
    assert torch.autograd.gradcheck(lambda e: batch_hard_triplet(e, LABELS, 0.3), vectors)


def test_close_embeddings_far_from_the_origin_keep_their_distances():
    near = embeddings(4, torch.float32) * 0.01 + 100
    loss = batch_hard_triplet(near, LABELS, 0.0).item()
    assert loss == pytest.approx(triplet_by_loops(near.double(), LABELS.tolist(), 0.0), rel=1e-5)


@pytest.mark.parametrize("value", [0.0, 1.0, 1e4])
def test_equal_embeddings_give_the_margin_and_finite_gradients(value):
    vectors = torch.full((9, 5), value, requires_grad=True)
    loss = batch_hard_triplet(vectors, LABELS, 0.3)
    loss.backward()
    assert loss.item() == pytest.approx(0.3)
    assert torch.isfinite(vectors.grad).all()


def test_well_separated_people_cost_nothing():
    vectors = torch.nn.functional.one_hot(LABELS, 5) * 100.0
    assert batch_hard_triplet(vectors, LABELS, 0.3).item() == 0


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_spreads_its_share_over_all_identities(smoothing):
    logits = embeddings(1, size=4)
    rules = LossRules(identity=1, label_smoothing=smoothing, triplet=0, margin=0)
    loss = training_loss(embeddings(2), logits, LABELS, rules).item()
    total = 0.0
    for row, label in zip(logits.tolist(), LABELS.tolist(), strict=True):
        normaliser = math.log(sum(math.exp(value) for value in row))
        for identity, value in enumerate(row):
            wanted = smoothing / 4 + (1 - smoothing) * (identity == label)
            total -= wanted * (value - normaliser)
    assert loss == pytest.approx(total / 9, rel=1e-6)


def test_the_training_loss_is_the_weighted_sum_of_both():
    logits = embeddings(1, size=4)

    def loss(identity, triplet):
        rules = LossRules(identity=identity, label_smoothing=0.1, triplet=triplet, margin=0.3)
        return training_loss(embeddings(2), logits, LABELS, rules).item()

    assert loss(2.0, 0.5) == pytest.approx(2 * loss(1, 0) + 0.5 * loss(0, 1))


def test_losses_are_computed_in_float32_from_half_precision():
    half = embeddings(2).bfloat16()
    logits = embeddings(1, size=4).bfloat16()
    rules = LossRules(identity=1, label_smoothing=0.1, triplet=1, margin=0.3)
    loss = training_loss(half, logits, LABELS, rules)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, training_loss(half.float(), logits.float(), LABELS, rules))
