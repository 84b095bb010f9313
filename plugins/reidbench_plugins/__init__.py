"""The built-in plugin: declares the methods, backbones and data sets that come with reidbench."""

from __future__ import annotations

from reidbench.api import BackboneRecord, DatasetRecord, FamilyRecord, MethodRecord, hookimpl
from reidbench_plugins import backbones, datasets, methods


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare the controls and the built-in methods."""
    return methods.RECORDS


@hookimpl
def reidbench_backbones() -> list[BackboneRecord]:
    """Declare the backbones."""
    return backbones.RECORDS


@hookimpl
def reidbench_families() -> list[FamilyRecord]:
    """Declare the networks of timm."""
    return backbones.FAMILIES


@hookimpl
def reidbench_datasets() -> list[DatasetRecord]:
    """Declare the drawn data sets, and those that a user brings."""
    return datasets.RECORDS
