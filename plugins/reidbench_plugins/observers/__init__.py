"""Observers that pass a run's numbers on to other programs; each works once its variable is set."""
