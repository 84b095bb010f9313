"""Results as tables that compare methods at matched reductions; nothing here needs torch."""

from reidbench.leaderboard.build import build
from reidbench.leaderboard.model import Leaderboard, ReportedRow, Row, Table
from reidbench.leaderboard.paired_scores import LeaderboardError
from reidbench.leaderboard.render.csv_file import claims_to_csv, to_csv
from reidbench.leaderboard.render.markdown import to_markdown
from reidbench.leaderboard.render.terminal import to_terminal
from reidbench.leaderboard.reported.match import with_reported

__all__ = [
    "Leaderboard",
    "LeaderboardError",
    "ReportedRow",
    "Row",
    "Table",
    "build",
    "claims_to_csv",
    "to_csv",
    "to_markdown",
    "to_terminal",
    "with_reported",
]
