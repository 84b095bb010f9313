"""Where the store is unless the user says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

from reidbench.files import at_home

STORE, STORE_VARIABLE = Path("runs", "store"), "REIDBENCH_STORE"


def store_folder(given: str | Path | None = None) -> Path:
    """Return ``given``, or the folder that ``REIDBENCH_STORE`` names, or ``runs/store``."""
    return at_home(given or os.environ.get(STORE_VARIABLE) or STORE)
