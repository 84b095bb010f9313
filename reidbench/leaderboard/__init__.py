"""Results as tables that compare methods at matched reductions; nothing here needs torch."""

from reidbench.leaderboard.arrange import build
from reidbench.leaderboard.comparison import LeaderboardError
from reidbench.leaderboard.markdown import to_markdown
from reidbench.leaderboard.reported import with_reported
from reidbench.leaderboard.spreadsheet import claims_to_csv, to_csv
from reidbench.leaderboard.table import (
    Leaderboard,
    Origin,
    OtherNetwork,
    Part,
    Quotation,
    Row,
    Section,
    Setting,
    Table,
)
from reidbench.leaderboard.terminal import to_terminal

__all__ = [
    "Leaderboard",
    "LeaderboardError",
    "Origin",
    "OtherNetwork",
    "Part",
    "Quotation",
    "Row",
    "Section",
    "Setting",
    "Table",
    "build",
    "claims_to_csv",
    "to_csv",
    "to_markdown",
    "to_terminal",
    "with_reported",
]
