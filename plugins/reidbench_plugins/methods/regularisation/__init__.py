"""Methods that push weights towards zero while training, then cut."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.regularisation"

RECORDS: list[MethodRecord] = []
