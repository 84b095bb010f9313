"""Results as tables that compare methods at matched reductions; nothing here needs torch."""

from reidbench.leaderboard.build import build
from reidbench.leaderboard.comparison import compare, in_both
from reidbench.leaderboard.latency import with_latency, with_latency_beside
from reidbench.leaderboard.latency_file import find_latency, latency_beside, read_latency
from reidbench.leaderboard.model import Leaderboard, ReportedRow, Row, Table
from reidbench.leaderboard.order import orders
from reidbench.leaderboard.paired_scores import LeaderboardError
from reidbench.leaderboard.render.bibtex import to_bibtex
from reidbench.leaderboard.render.csv_file import claims_to_csv, to_csv
from reidbench.leaderboard.render.documents import to_html, to_json
from reidbench.leaderboard.render.latex import to_latex
from reidbench.leaderboard.render.markdown import to_markdown
from reidbench.leaderboard.render.side_by_side import to_side_by_side
from reidbench.leaderboard.render.terminal import to_terminal
from reidbench.leaderboard.render.view import ViewError, columns_named, part_of
from reidbench.leaderboard.reported.match import with_reported

__all__ = [
    "Leaderboard",
    "LeaderboardError",
    "ReportedRow",
    "Row",
    "Table",
    "ViewError",
    "build",
    "claims_to_csv",
    "columns_named",
    "compare",
    "find_latency",
    "in_both",
    "latency_beside",
    "orders",
    "part_of",
    "read_latency",
    "to_bibtex",
    "to_csv",
    "to_html",
    "to_json",
    "to_latex",
    "to_markdown",
    "to_side_by_side",
    "to_terminal",
    "with_latency",
    "with_latency_beside",
    "with_reported",
]
