"""What trainers train on, and at which rate."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from torch import Tensor

from reidbench.config.protocol import TrainingRules
from reidbench.engine.phases import train as train_phase
from reidbench.engine.training import Network, Trainer, loop
from reidbench.engine.training.loop import OnStep, batch_loss


def record_steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Return a list to which every training step of phases adds its batch's digest and its rate."""
    steps: list[tuple[str, float]] = []
    batches: list[str] = []

    def noting_loss(
        network: Network, images: Tensor, labels: Tensor, rules: TrainingRules
    ) -> Tensor:
        content = images.numpy().tobytes() + labels.numpy().tobytes()
        batches.append(hashlib.sha256(content).hexdigest())
        return batch_loss(network, images, labels, rules)

    def noting_trainer(*arguments: Any, on_step: OnStep, **keywords: Any) -> Trainer:
        def note(done: int, total: int, loss: float) -> None:
            steps.append((batches.pop(), trainer.optimiser.param_groups[0]["lr"]))
            assert not batches  # one loss a step
            on_step(done, total, loss)

        trainer = Trainer(*arguments, on_step=note, **keywords)
        return trainer

    monkeypatch.setattr(loop, "batch_loss", noting_loss)
    monkeypatch.setattr(train_phase, "Trainer", noting_trainer)
    return steps
