"""A benchmark of structured pruning for person re-identification at matched FLOP reductions."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reidbench.run import RunOptions, SuiteOutcome, run_suite

__version__ = "0.1.0"
__all__ = ["RunOptions", "SuiteOutcome", "__version__", "run_suite"]

_OF_RUN = ("RunOptions", "SuiteOutcome", "run_suite")


def __getattr__(name: str) -> Any:
    # Imported when asked for: plugins and the command line import this package for less.
    if name in _OF_RUN:
        return getattr(import_module("reidbench.run"), name)
    raise AttributeError(f"module 'reidbench' has no attribute '{name}'")
