"""What can go wrong between a method and the harness."""

from __future__ import annotations

from reidbench.errors import ReidbenchError


class MethodError(ReidbenchError):
    """A method that broke its contract: the trial fails, the suite goes on."""
