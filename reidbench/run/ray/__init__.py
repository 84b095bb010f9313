"""Phases as tasks of a Ray cluster: each in a process of its own, on a node that has room."""
