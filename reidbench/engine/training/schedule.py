"""The learning rate of a phase, one curve for every method."""

from __future__ import annotations

import math

from reidbench.config.protocol import ScheduleRules


def learning_rate_factor(step: int, steps: int, rules: ScheduleRules) -> float:
    """Return the share of the peak learning rate at ``step`` in [0, steps).

    Linear warm-up over the first ``rules.warm_up`` of the steps, then the decay to ``rules.final``.
    """
    warm = round(rules.warm_up * steps)
    if step < warm:
        return (step + 1) / warm
    if rules.decay == "constant":
        return 1.0
    progress = (step - warm) / max(1, steps - 1 - warm)
    falling = 1 - progress if rules.decay == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return rules.final + (1 - rules.final) * falling
