"""A benchmark of structured pruning for person re-identification at matched FLOP reductions."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reidbench.engine.deployment.prune import Pruned as Pruned
    from reidbench.engine.deployment.prune import prune as prune
    from reidbench.engine.deployment.saved import load as load
    from reidbench.engine.deployment.trial import LoadedTrial as LoadedTrial
    from reidbench.engine.deployment.trial import load_trial as load_trial
    from reidbench.run.options import RunOptions as RunOptions
    from reidbench.run.suite_run import SuiteOutcome as SuiteOutcome
    from reidbench.run.suite_run import run_suite as run_suite

__version__ = "0.1.0"
__all__ = [
    "LoadedTrial",
    "Pruned",
    "RunOptions",
    "SuiteOutcome",
    "__version__",
    "load",
    "load_trial",
    "prune",
    "run_suite",
]

_HOMES = {
    "LoadedTrial": "reidbench.engine.deployment.trial",
    "Pruned": "reidbench.engine.deployment.prune",
    "RunOptions": "reidbench.run.options",
    "SuiteOutcome": "reidbench.run.suite_run",
    "load": "reidbench.engine.deployment.saved",
    "load_trial": "reidbench.engine.deployment.trial",
    "prune": "reidbench.engine.deployment.prune",
    "run_suite": "reidbench.run.suite_run",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: plugins and the command line import this package for less.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'reidbench' has no attribute '{name}'")
