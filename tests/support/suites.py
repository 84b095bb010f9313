"""Suites on the tiny plugin, as text and as files, with whatever a test wants to be different."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

TINY: dict[str, Any] = {
    "name": "tiny-suite",
    "protocol": "smoke/1",
    "scenarios": {"target-only": [{"train": "target"}, {"prune": "target"}]},
    "backbones": ["tinynet"],
    "targets": ["tiny"],
    "methods": ["tiny-norm"],
    "reductions": [0.5],
    "seeds": [0],
}


def suite_text(**changes: Any) -> str:
    """Return the YAML of the tiny suite with ``changes``; a field changed to None is left out."""
    fields = {**copy.deepcopy(TINY), **changes}
    kept = {name: value for name, value in fields.items() if value is not None}
    return yaml.safe_dump(kept, sort_keys=False)


def write_suite(folder: Path, **changes: Any) -> Path:
    """Write the tiny suite with ``changes`` as ``suite.yaml`` and return its path."""
    path = folder / "suite.yaml"
    path.write_text(suite_text(**changes), encoding="utf-8")
    return path
