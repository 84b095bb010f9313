"""The dense control: no channel goes, but the training budget is spent all the same."""

from __future__ import annotations

from reidbench.api import Method, PrunePhase


class Dense(Method):
    """Keep every channel: what the phase's training alone is worth."""

    def prune(self, phase: PrunePhase) -> None:
        """Train for the whole phase."""
        phase.train(phase.steps)
