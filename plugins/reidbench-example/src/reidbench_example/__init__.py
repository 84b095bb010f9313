"""A plugin to copy: what it declares. Importing it must stay cheap, so torch waits in method.py."""

from __future__ import annotations

from reidbench.api import MethodRecord, hookimpl

REIDBENCH_API = 4
"""The plugin API this is written against: an older reidbench refuses it with a clear sentence."""


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare this distribution's pruning methods."""
    return [
        MethodRecord(
            name="example-spread",
            version="1",
            summary="Removes the filters whose weights differ least from each other.",
            reference="-",
            target="reidbench_example.method:Spread",
        )
    ]
