"""The maps and gradients whose Taylor scores are published: two images of two channels."""

from __future__ import annotations

import torch

from tests.builtin_plugins.methods.fakes import FakeGroup, FakeTask

MAPS = torch.tensor([[[1.0, 2], [1, -1]], [[2, 0], [3, 1]]])[..., None]
SLOPES = torch.tensor([[[1.0, -1], [2, 1]], [[0.5, 4], [-1, 1]]])[..., None]


def pair() -> tuple[FakeGroup, FakeTask]:
    """Return the group, and the task that shows both images in one batch."""
    group = FakeGroup(torch.zeros(2, 1))
    return group, FakeTask(groups=(group,), maps={"conv": MAPS}, slopes={"conv": SLOPES}, batch=2)
