"""Least squares with a ridge penalty towards given weights."""

from __future__ import annotations

import torch
from torch import Tensor


def fit_near(design: Tensor, targets: Tensor, start: Tensor, ridge: float) -> Tensor:
    """Return the w that minimises ‖targets - design w‖² + λ‖w - start‖².

    ``design`` (samples, unknowns), ``targets`` (samples, outputs), ``start`` (unknowns, outputs);
    λ is ``ridge`` > 0 times the mean squared norm of the design's columns. Directions that
    the samples do not determine keep their weights, however many unknowns there are.
    """
    penalty = ridge * design.square().sum().item() / design.shape[1]
    if not penalty:
        return start
    residual = targets - design @ start
    samples, unknowns = design.shape
    # Of the two forms of one solution, the one with the smaller matrix to factorise.
    if samples < unknowns:
        return start + design.T @ _solved(design @ design.T, residual, penalty)
    return start + _solved(design.T @ design, design.T @ residual, penalty)


def _solved(gram: Tensor, right: Tensor, penalty: float) -> Tensor:
    gram.diagonal().add_(penalty)
    return torch.cholesky_solve(right, torch.linalg.cholesky(gram))
