"""A network of one's own: pruned in one call, saved without pickle, loaded, exported, timed."""

from reidbench.engine.deployment.export import Exported
from reidbench.engine.deployment.factory import find_network
from reidbench.engine.deployment.prune import Pruned, prune
from reidbench.engine.deployment.report import Report
from reidbench.engine.deployment.saved import load
from reidbench.engine.deployment.trial import LoadedTrial, load_trial

__all__ = [
    "Exported",
    "LoadedTrial",
    "Pruned",
    "Report",
    "find_network",
    "load",
    "load_trial",
    "prune",
]
