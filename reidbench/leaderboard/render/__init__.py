"""Pages of a leaderboard: for a terminal, as Markdown, and as CSV."""
