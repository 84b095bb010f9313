"""Finds single files of torchreid: the package itself wants far more than they do."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def file_of_torchreid(*places: str) -> Path:
    """Return the first of ``places`` in the installed package, or skip where there is none."""
    package = importlib.util.find_spec("torchreid")
    if package is None or not package.submodule_search_locations:
        pytest.skip("torchreid is not installed (pip install --no-deps torchreid==0.2.5)")
    root = Path(package.submodule_search_locations[0])
    path = next((root / place for place in places if (root / place).is_file()), None)
    if path is None:
        pytest.skip(f"torchreid at {root} has no {places[-1]}")
    return path
