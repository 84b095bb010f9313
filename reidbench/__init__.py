"""A benchmark of structured pruning for person re-identification at matched FLOP reductions."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reidbench.run.options import RunOptions as RunOptions
    from reidbench.run.suite_run import SuiteOutcome as SuiteOutcome
    from reidbench.run.suite_run import run_suite as run_suite

__version__ = "0.1.0"
__all__ = ["RunOptions", "SuiteOutcome", "__version__", "run_suite"]

_HOMES = {
    "RunOptions": "reidbench.run.options",
    "SuiteOutcome": "reidbench.run.suite_run",
    "run_suite": "reidbench.run.suite_run",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: plugins and the command line import this package for less.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'reidbench' has no attribute '{name}'")
