"""Find a network's coupled channels, choose how many go, and take them out exactly."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reidbench.engine.channels.budget import highest_reduction, solve
    from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup, Scope, Slice
    from reidbench.engine.channels.macs import MacsModel, parameters
    from reidbench.engine.channels.masking import mask, soften
    from reidbench.engine.channels.plan import PruningPlan
    from reidbench.engine.channels.problems import (
        CaptureError,
        ImpossibleReduction,
        PlanError,
        SavedNetworkError,
        ScopeError,
        ScoreError,
        UnsupportedOperation,
    )
    from reidbench.engine.channels.rules import rule
    from reidbench.engine.channels.storage import apply_saved, read_plan, save_pruned, write_tensors
    from reidbench.engine.channels.surgery import Cut, Removal, carry_optimizer_state, remove
    from reidbench.engine.channels.tracing import capture
    from reidbench.engine.channels.views import GroupView, view

_HOMES = {
    "budget": ("highest_reduction", "solve"),
    "graph": ("ChannelGraph", "ChannelGroup", "Scope", "Slice"),
    "macs": ("MacsModel", "parameters"),
    "masking": ("mask", "soften"),
    "plan": ("PruningPlan",),
    "problems": (
        "CaptureError",
        "ImpossibleReduction",
        "PlanError",
        "SavedNetworkError",
        "ScopeError",
        "ScoreError",
        "UnsupportedOperation",
    ),
    "rules": ("rule",),
    "storage": ("apply_saved", "read_plan", "save_pruned", "write_tensors"),
    "surgery": ("Cut", "Removal", "carry_optimizer_state", "remove"),
    "tracing": ("capture",),
    "views": ("GroupView", "view"),
}

__all__ = [
    "CaptureError",
    "ChannelGraph",
    "ChannelGroup",
    "Cut",
    "GroupView",
    "ImpossibleReduction",
    "MacsModel",
    "PlanError",
    "PruningPlan",
    "Removal",
    "SavedNetworkError",
    "Scope",
    "ScopeError",
    "ScoreError",
    "Slice",
    "UnsupportedOperation",
    "apply_saved",
    "capture",
    "carry_optimizer_state",
    "highest_reduction",
    "mask",
    "parameters",
    "read_plan",
    "remove",
    "rule",
    "save_pruned",
    "soften",
    "solve",
    "view",
    "write_tensors",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use, so that reading a plan imports no torch."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
