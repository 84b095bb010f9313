"""Records of the methods in ``wrong`` and ``leaving``, and the checks of the default run."""

from __future__ import annotations

from typing import Any

from reidbench.api import MethodRecord
from reidbench.testing import Check, checks
from tests.testing import leaving, wrong


def record(name: str, **fields: Any) -> MethodRecord:
    """Return a record of the class ``name``."""
    home = leaving if name in vars(leaving) else wrong
    given = {
        "name": name.lower(),
        "version": "1",
        "summary": "Removes what it should not.",
        "reference": "-",
        "target": f"{home.__name__}:{name}",
    }
    return MethodRecord(**{**given, **fields})


ELSEWHERE = "same-in-another-process"
"""The one check that takes seconds: it starts an interpreter."""


def fast(method: MethodRecord | str, *, elsewhere: bool = False) -> list[Check]:
    """Return the checks on tiny networks, with one target."""
    found = checks(method, backbones=(), reductions=(0.5,))
    return [check for check in found if elsewhere or check.name != ELSEWHERE]
