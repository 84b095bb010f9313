"""An executor on the CPU that tells nobody what it does."""

from __future__ import annotations

import io

import torch

from reidbench.plugins import Registry
from reidbench.run.forecast import Forecast
from reidbench.run.progress import Reporter
from reidbench.run.serial import SerialExecutor
from reidbench.run.timings import Ledger
from reidbench.store import Store


def executor(store: Store, registry: Registry) -> SerialExecutor:
    """Return an executor that leaves results beside the store."""
    return SerialExecutor(
        store=store,
        registry=registry,
        results=store.root.parent / "results",
        reporter=Reporter(io.StringIO(), 1),
        device=torch.device("cpu"),
        forecast=Forecast(0, "", {}),
        ledger=Ledger(),
    )
