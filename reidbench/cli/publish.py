"""Prints a leaderboard, and writes its pages."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.leaderboard import Leaderboard, to_terminal
from reidbench.run.publish import write_pages


def publish(board: Leaderboard, folder: Path) -> None:
    """Print the leaderboard, and write its pages to ``folder``.

    Raises:
        PublicationError: a page cannot be written; the leaderboard is printed all the same.
    """
    # Printed first: a folder that cannot be written must not hide what a run came to.
    click.echo(to_terminal(board))
    pages = write_pages(board, folder)
    click.echo("\nwritten: " + ", ".join(map(str, pages)), err=True)
