"""Checks of backbones: built, run, captured, cut and filled with weights as the harness does it."""
