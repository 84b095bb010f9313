"""Writes and prints the leaderboard of results."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.files import write_atomically
from reidbench.leaderboard import build, to_csv, to_markdown, to_terminal
from reidbench.results import Result


def publish(results: list[Result], folder: Path) -> None:
    """Print the leaderboard, and write it to ``folder`` as Markdown and CSV."""
    board = build(results)
    pages = {"leaderboard.md": to_markdown(board), "leaderboard.csv": to_csv(board)}
    for name, page in pages.items():
        write_atomically(folder / name, page)
    click.echo(to_terminal(board))
    click.echo("\nwritten: " + ", ".join(str(folder / name) for name in pages), err=True)
