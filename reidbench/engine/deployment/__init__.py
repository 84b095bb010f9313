"""A network of one's own: pruned in one call, saved without pickle, loaded, exported, timed."""

from reidbench.engine.deployment.trial import LoadedTrial, load_trial

__all__ = ["LoadedTrial", "load_trial"]
