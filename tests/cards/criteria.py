"""Methods whose docstrings are as good, or as bad, as they come."""

from __future__ import annotations

import torch

from reidbench.api.method import Method


class Squeeze(Method):
    """Score s_j = Σ|W_j|^p * (1 - x) over ``W``, as :meth:`scores` says
    (Someone 2020, eq. 4).

    ``power`` is p. A list [0, 1) is no link, |ω_j| no table, P* no emphasis, and a <b> no tag; the
    lines of the docstring are not those of the page, where none begins with a sign such as this
    - or that + one * or = 4. or so.

    Deviations:
        * Layers lose the same share, where the authors set each by hand, so that no choice is made
          on results.
        * Filters |w| go at once.

    Raises:
        ValueError: ``power`` is negative.

    """

    def __init__(self, *, power: float = 1.0, mode: str = "both") -> None:
        super().__init__(power=power, mode=mode)

    def scores(self, group, task):
        return group.weight.abs().sum(dim=1)


class Presses(Squeeze):
    """Squeeze, with a word on each step."""

    def penalty(self, task):
        return None


class Careless(Squeeze):
    """Squeeze, and forget what was switched off."""

    def prepare(self, task):
        torch.set_grad_enabled(False)


class Silent(Squeeze):
    def scores(self, group, task):
        return group.weight.abs().sum(dim=1)


class Cannot(Method):
    """Score nothing."""

    def scores(self, group, task):
        raise RuntimeError(f"no score\nfor {group.name}")


class OffTarget(Squeeze):
    """Cut nothing."""

    def prune(self, phase):
        phase.train(phase.steps_left)


class Leaves(Squeeze):
    """End the process."""

    def scores(self, group, task):
        raise SystemExit(3)


class KeepsAll(Method):
    """Keep every channel."""

    def prune(self, phase):
        phase.train(phase.steps_left)


class Draws(Method):
    """Score at random."""

    def scores(self, group, task):
        return torch.rand(group.size, generator=task.generator)


Computed = type("Computed", (Squeeze,), {"__doc__": "Made by a call, so no source says this."})
