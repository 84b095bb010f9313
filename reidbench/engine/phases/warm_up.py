"""Has a process do once, before its first phase, what takes seconds the first time."""

from __future__ import annotations

from torch import nn

from reidbench.engine.channels import capture


def warm_up() -> None:
    """Trace a network of two layers: tracing imports most of what torch does not at first.

    None of a plugin's: it might end the process, which nobody has told yet what it is for.
    """
    capture(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1)), (3, 8, 8))
