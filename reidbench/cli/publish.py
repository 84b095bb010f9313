"""Writes and prints the leaderboard of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from reidbench.config.suite import Suite
from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.leaderboard import (
    build,
    claims_to_csv,
    to_csv,
    to_markdown,
    to_terminal,
    with_reported,
)
from reidbench.leaderboard.reported.paper import Paper
from reidbench.results import Result

SUITE_COPY = "suite.yaml"
"""The suite file beside its results: a leaderboard made later finds claims and seeds there."""


class PublicationError(ReidbenchError):
    """A page that cannot be written where it was asked for."""


def publish(
    results: list[Result],
    folder: Path,
    reported: Sequence[Paper] = (),
    suite: Suite | None = None,
) -> None:
    """Print the leaderboard, and write it to ``folder`` as Markdown and CSV.

    What the papers ``reported`` say stands beside the tables of the same photographs; what the
    results say of the ``suite``'s claims below them, and in a CSV of its own. Rows that lack a seed
    of the suite are not ranked.

    Raises:
        PublicationError: a page cannot be written; the leaderboard is printed all the same.

    """
    claims, seeds = (suite.claims, suite.seeds) if suite else ((), ())
    board = with_reported(build(results, claims, seeds), reported)
    pages = {"leaderboard.md": to_markdown(board), "leaderboard.csv": to_csv(board)}
    if claims:
        pages["claims.csv"] = claims_to_csv(board)
    # Printed first: a folder that cannot be written must not hide what a run came to.
    click.echo(to_terminal(board))
    for name, page in pages.items():
        _write(folder / name, page)
    click.echo("\nwritten: " + ", ".join(str(folder / name) for name in pages), err=True)


def _write(path: Path, page: str) -> None:
    try:
        write_atomically(path, page)
    except OSError as error:
        raise PublicationError(
            f"cannot write {path} ({error.strerror}); name another folder with --out"
        ) from error
