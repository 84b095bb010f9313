"""Simulated tables, whose truth is known, to see how often intervals and ranks are wrong."""
