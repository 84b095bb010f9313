"""Results as tables that compare methods at matched reductions; nothing here needs torch."""

from reidbench.leaderboard.arrange import LeaderboardError, build
from reidbench.leaderboard.markdown import to_markdown
from reidbench.leaderboard.spreadsheet import to_csv
from reidbench.leaderboard.table import Leaderboard, Origin, Part, Row, Section, Setting, Table
from reidbench.leaderboard.terminal import to_terminal

__all__ = [
    "Leaderboard",
    "LeaderboardError",
    "Origin",
    "Part",
    "Row",
    "Section",
    "Setting",
    "Table",
    "build",
    "to_csv",
    "to_markdown",
    "to_terminal",
]
