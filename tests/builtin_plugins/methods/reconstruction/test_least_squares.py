"""Least squares near a start, against numpy on the augmented system."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench_plugins.methods.reconstruction.readers import fit_near


def problem(samples: int, unknowns: int, outputs: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    shapes = ((samples, unknowns), (samples, outputs), (unknowns, outputs))
    design, targets, start = (
        torch.randn(*shape, generator=random, dtype=torch.float64) for shape in shapes
    )
    return design, targets, start


def slow_fit(design: Tensor, targets: Tensor, start: Tensor, ridge: float) -> Tensor:
    unknowns = design.shape[1]
    penalty = ridge * sum(float((column**2).sum()) for column in design.T) / unknowns
    tall = np.concatenate([design.numpy(), np.sqrt(penalty) * np.eye(unknowns)])
    right = np.concatenate([targets.numpy(), np.sqrt(penalty) * start.numpy()])
    return torch.from_numpy(np.linalg.lstsq(tall, right, rcond=None)[0])


@settings(max_examples=40)
@given(
    st.integers(1, 12), st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**31),
    st.sampled_from([1e-3, 0.1, 1.0, 10.0]),
)  # fmt: skip
def test_it_agrees_with_the_augmented_system(
    samples: int, unknowns: int, outputs: int, seed: int, ridge: float
) -> None:
    given_ = problem(samples, unknowns, outputs, seed)
    torch.testing.assert_close(
        fit_near(*given_, ridge), slow_fit(*given_, ridge), rtol=1e-7, atol=1e-9
    )


def test_with_enough_samples_and_hardly_a_ridge_it_is_ordinary_least_squares() -> None:
    design, targets, start = problem(60, 7, 3, seed=0)
    expected = np.linalg.lstsq(design.numpy(), targets.numpy(), rcond=None)[0]
    fitted = fit_near(design, targets, start, 1e-12)
    torch.testing.assert_close(fitted, torch.from_numpy(expected), rtol=1e-8, atol=1e-10)


def test_an_unknown_that_no_sample_shows_keeps_its_start() -> None:
    design, targets, start = problem(60, 7, 3, seed=0)
    design[:, 4] = 0
    assert torch.equal(fit_near(design, targets, start, 0.1)[4], start[4])


def test_a_design_of_zeros_keeps_every_start() -> None:
    design, targets, start = problem(5, 4, 2, seed=0)
    assert torch.equal(fit_near(torch.zeros_like(design), targets, start, 0.1), start)


@pytest.mark.parametrize("samples", [3, 30])
def test_a_start_that_fits_already_stays(samples: int) -> None:
    design, _, start = problem(samples, 9, 2, seed=0)
    torch.testing.assert_close(fit_near(design, design @ start, start, 0.1), start)


def test_equal_columns_share_the_change() -> None:
    design, _, _ = problem(30, 1, 1, seed=0)
    twice = design.repeat(1, 2)
    fitted = fit_near(twice, 4 * design, torch.ones(2, 1, dtype=torch.float64), 1e-9)
    torch.testing.assert_close(fitted, torch.full((2, 1), 2.0, dtype=torch.float64))


@settings(max_examples=30)
@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 2**31), st.floats(1e-6, 100))
def test_it_never_fits_the_samples_worse_than_the_start(
    samples: int, unknowns: int, seed: int, ridge: float
) -> None:
    design, targets, start = problem(samples, unknowns, 2, seed)
    fitted = fit_near(design, targets, start, ridge)
    before = (targets - design @ start).square().sum()
    assert (targets - design @ fitted).square().sum() <= before * (1 + 1e-9)
