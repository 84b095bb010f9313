"""A leaderboard as Markdown, CSV and text on a terminal."""
