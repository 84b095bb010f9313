"""Weights from files into networks: read without running code, whatever wrapped them."""

from reidbench.engine.weights.fitting import load_backbone, refuse_without_values
from reidbench.engine.weights.layouts import unwrapped
from reidbench.engine.weights.reading import read_weights

__all__ = ["load_backbone", "read_weights", "refuse_without_values", "unwrapped"]
