"""A benchmark of structured pruning for person re-identification at matched FLOP reductions."""

__version__ = "0.1.0"
