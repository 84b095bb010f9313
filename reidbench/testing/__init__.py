"""Conformance checks: whether a pruning method keeps the plugin contract."""

from reidbench.testing.all_checks import checks
from reidbench.testing.check import Check, CheckFailed, Outcome, RefusalWarning

__all__ = ["Check", "CheckFailed", "Outcome", "RefusalWarning", "checks"]
