"""A network of one's own: pruned in one call, saved without pickle, loaded, exported, timed."""

from reidbench.engine.deployment.export import Exported
from reidbench.engine.deployment.prune import Pruned, prune
from reidbench.engine.deployment.report import Report
from reidbench.engine.deployment.saved import load
from reidbench.engine.deployment.trial import LoadedTrial, load_trial
from reidbench.engine.deployment.weights import find_network, load_weights

__all__ = [
    "Exported",
    "LoadedTrial",
    "Pruned",
    "Report",
    "find_network",
    "load",
    "load_trial",
    "load_weights",
    "prune",
]
