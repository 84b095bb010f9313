"""Curves as trainings leave them, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

import numpy as np

from reidbench.api.events import CurvePoint
from reidbench.results import PhaseReport
from reidbench.store.curve import Curve


def curve(steps: int = 400, epochs: float = 20.0, seed: int = 0) -> tuple[CurvePoint, ...]:
    """A falling loss with noise, a learning rate that goes to 0, a speed that wavers."""
    noise = np.random.default_rng(seed).normal(size=(2, steps))
    found = Curve()
    for step in range(1, steps + 1):
        loss = 7 * exp(-4 * step / steps) + 0.1 * abs(float(noise[0, step - 1]))
        rate, speed = 3.5e-4 * (1 - step / steps), 1200 + 40 * float(noise[1, step - 1])
        found.step(step, steps, epoch=epochs * step / steps, loss=loss, rate=rate, speed=speed)
    return tuple(found.points)


def curves_of_phases(phases: Iterable[PhaseReport]) -> dict[str, tuple[CurvePoint, ...]]:
    """A curve of every phase that trained, each another one."""
    known = {phase.key: phase for phase in phases if phase.steps}
    return {
        key: curve(phase.steps, phase.epochs, seed)
        for seed, (key, phase) in enumerate(sorted(known.items()))
    }
