"""Pictures of leaderboards and trainings: Vega-Lite specifications, and what they are drawn to."""

from reidbench.leaderboard.figures.dot_plot import dot_plot
from reidbench.leaderboard.figures.figure import Figure
from reidbench.leaderboard.figures.of_table import claim_figures, table_figures

__all__ = ["Figure", "claim_figures", "dot_plot", "table_figures"]
