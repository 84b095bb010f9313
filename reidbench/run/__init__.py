"""Backends that run a plan's nodes; each takes the plan as it is and decides nothing about it."""
