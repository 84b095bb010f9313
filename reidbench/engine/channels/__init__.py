"""Find a network's coupled channels, choose how many go, and take them out exactly."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reidbench.engine.channels.budget import highest_reduction as highest_reduction
from reidbench.engine.channels.budget import solve as solve
from reidbench.engine.channels.graph import ChannelGraph as ChannelGraph
from reidbench.engine.channels.graph import ChannelGroup as ChannelGroup
from reidbench.engine.channels.graph import Scope as Scope
from reidbench.engine.channels.graph import Slice as Slice
from reidbench.engine.channels.macs import MacsModel as MacsModel
from reidbench.engine.channels.macs import parameters as parameters
from reidbench.engine.channels.plan import PruningPlan as PruningPlan
from reidbench.engine.channels.problems import CaptureError as CaptureError
from reidbench.engine.channels.problems import ImpossibleReduction as ImpossibleReduction
from reidbench.engine.channels.problems import PlanError as PlanError
from reidbench.engine.channels.problems import SavedNetworkError as SavedNetworkError
from reidbench.engine.channels.problems import ScopeError as ScopeError
from reidbench.engine.channels.problems import ScoreError as ScoreError
from reidbench.engine.channels.problems import UnsupportedOperation as UnsupportedOperation

if TYPE_CHECKING:
    from reidbench.engine.channels.masking import mask as mask
    from reidbench.engine.channels.masking import soften as soften
    from reidbench.engine.channels.proof import guard as guard
    from reidbench.engine.channels.proof import proven as proven
    from reidbench.engine.channels.rules import rule as rule
    from reidbench.engine.channels.storage import apply_saved as apply_saved
    from reidbench.engine.channels.storage import read_plan as read_plan
    from reidbench.engine.channels.storage import save_pruned as save_pruned
    from reidbench.engine.channels.storage import write_tensors as write_tensors
    from reidbench.engine.channels.surgery import Cut as Cut
    from reidbench.engine.channels.surgery import Removal as Removal
    from reidbench.engine.channels.surgery import carry_optimizer_state as carry_optimizer_state
    from reidbench.engine.channels.surgery import remove as remove
    from reidbench.engine.channels.tracing import capture as capture
    from reidbench.engine.channels.views import GroupView as GroupView
    from reidbench.engine.channels.views import view as view

# What imports torch is imported on first use: reading a plan needs none of it.
_WITH_TORCH = ("masking", "proof", "rules", "storage", "surgery", "tracing", "views")


def __getattr__(name: str) -> Any:
    """Import a public name from the module with torch that defines it."""
    for home in () if name.startswith("_") else _WITH_TORCH:
        module = import_module(f"{__name__}.{home}")
        if getattr(found := getattr(module, name, None), "__module__", None) == module.__name__:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
