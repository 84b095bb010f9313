"""A block with generators of its own draws what its seed says; the others stay as they were."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor

from reidbench.engine.training.seeds import isolated


def drawn() -> list[Tensor]:
    return [torch.rand(4), torch.nn.Linear(3, 3).weight.detach().clone(), torch.randperm(9)]


def test_a_block_draws_what_torch_draws_from_its_seed() -> None:
    seed = 2**62 + 5
    with isolated(seed):
        found = drawn()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        expected = drawn()
    assert all(map(torch.equal, found, expected))


def test_generators_are_as_before_afterwards() -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    with isolated(3):
        drawn(), random.random(), np.random.rand()
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
