"""An executor on the CPU that reports nothing."""

from __future__ import annotations

import torch

from reidbench.plugins import Registry
from reidbench.run.forecast import Forecast
from reidbench.run.progress import Reporter, console_on
from reidbench.run.serial import SerialExecutor
from reidbench.run.timings import TimingsRecorder
from reidbench.store import Store


def executor(store: Store, registry: Registry) -> SerialExecutor:
    """Return an executor that leaves results beside the store."""
    return SerialExecutor(
        store=store,
        registry=registry,
        results=store.root.parent / "results",
        reporter=Reporter(console_on(None), 1),
        device=torch.device("cpu"),
        forecast=Forecast(0, "", {}),
        recorder=TimingsRecorder(),
    )
