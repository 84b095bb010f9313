"""Methods that attack as they score."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor

from reidbench.api import Group, Method, RankingTask
from reidbench_hostile import MAKING, METHODS, attacks


class Hostile(Method):
    """Attack once, then score by the norm."""

    attack: Callable[[], None]
    has_attacked = False

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return |W| of each filter."""
        if not self.has_attacked:
            self.has_attacked = True
            type(self).attack()
        return group.weight.norm(dim=1)


class Misshapes(Hostile):
    """Score one channel too many."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return scores of the wrong length."""
        return torch.ones(group.size + 1)


class Nan(Hostile):
    """Score everything as not a number."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return no number."""
        return torch.full((group.size,), torch.nan)


class Fickle(Hostile):
    """Score by what no seed decides."""

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return other scores each time."""
        return torch.tensor(list(os.urandom(group.size)), dtype=torch.float32)


class Made(Method):
    """Attack whoever makes it, then score by the norm."""

    attack: Callable[[], None]

    def __init__(self) -> None:
        type(self).attack()

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return |W| of each filter."""
        return group.weight.norm(dim=1)


for _name in MAKING:
    _attack = staticmethod(getattr(attacks, _name))
    globals()[f"Made{_name.title()}"] = type(f"Made{_name.title()}", (Made,), {"attack": _attack})

for _name in METHODS:
    if hasattr(attacks, _name):
        _attack = staticmethod(getattr(attacks, _name))
        globals()[_name.title()] = type(_name.title(), (Hostile,), {"attack": _attack})
