"""Conformance checks: whether a method, a backbone or a data set keeps the plugin contract."""

from reidbench.testing.all_checks import method_checks
from reidbench.testing.backbones.all_checks import backbone_checks
from reidbench.testing.catalogue import checks
from reidbench.testing.check import Check, CheckFailed, Outcome, RefusalWarning
from reidbench.testing.datasets.all_checks import dataset_checks
from reidbench.testing.parametrize import parametrize_with_checks

__all__ = [
    "Check",
    "CheckFailed",
    "Outcome",
    "RefusalWarning",
    "backbone_checks",
    "checks",
    "dataset_checks",
    "method_checks",
    "parametrize_with_checks",
]
