"""Records of the methods in ``wrong``, and the checks of the default run."""

from __future__ import annotations

from typing import Any

from reidbench.api import MethodRecord
from reidbench.testing import Check, checks


def record(name: str, **fields: Any) -> MethodRecord:
    """Return a record of the class ``name``."""
    given = {
        "name": name.lower(),
        "version": "1",
        "summary": "Removes what it should not.",
        "reference": "-",
        "target": f"testing.wrong:{name}",
    }
    return MethodRecord(**{**given, **fields})


def fast(method: MethodRecord | str) -> list[Check]:
    """Return the checks on tiny networks, with one target."""
    return list(checks(method, backbones=(), reductions=(0.5,)))
