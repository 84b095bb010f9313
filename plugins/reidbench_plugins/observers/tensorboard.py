"""Writes losses, rates and scores for TensorBoard, below the folder ``REIDBENCH_TENSORBOARD``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from reidbench.api import PhaseFinished, PhaseStarted, PhaseStep, hookimpl

FOLDER = "REIDBENCH_TENSORBOARD"
_writers: dict[str, Any] = {}


def _writer(label: str) -> Any:
    """Return the writer of a phase or trial, whose folder is named after it."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{FOLDER} needs TensorBoard: pip install 'reidbench[tensorboard]'"
        ) from error
    if label not in _writers:
        name = re.sub(r"[^\w.,@%=+-]+", "_", label)
        _writers[label] = SummaryWriter(str(Path(os.environ[FOLDER], name)))
    return _writers[label]


@hookimpl
def reidbench_phase_started(event: PhaseStarted) -> None:
    """Say at the first phase, not hours later, that TensorBoard is not there."""
    if os.environ.get(FOLDER):
        _writer(event.label)


@hookimpl
def reidbench_phase_step(event: PhaseStep) -> None:
    """Write how a training goes, while it goes."""
    if os.environ.get(FOLDER) and event.loss is not None:
        writer = _writer(event.label)
        writer.add_scalar("live/loss", event.loss, event.done)
        writer.add_scalar("live/images per second", event.images_per_second, event.done)
        writer.flush()


@hookimpl
def reidbench_phase_finished(event: PhaseFinished) -> None:
    """Write the whole curve of a training."""
    if not os.environ.get(FOLDER):
        return
    writer = _writer(event.label)
    for point in event.curve:
        writer.add_scalar("loss", point.loss, point.step)
        writer.add_scalar("learning rate", point.learning_rate, point.step)
        writer.add_scalar("images per second", point.images_per_second, point.step)
    _writers.pop(event.label).close()


@hookimpl
def reidbench_trial_finished(result: Any) -> None:
    """Write what a trial scores."""
    if os.environ.get(FOLDER) and result.scores is not None:
        writer = _writer(str(result.trial))
        for name in ("mAP", "rank1", "mINP"):
            writer.add_scalar(f"scores/{name}", getattr(result.scores.final, name), 0)
        _writers.pop(str(result.trial)).close()
