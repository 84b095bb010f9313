"""``reidbench leaderboard``: the table of a folder of results."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.cli.publication import publish
from reidbench.results import read_results


@click.command("leaderboard")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for leaderboard.md and leaderboard.csv.  [default: DIRECTORY]",
)
def command(directory: Path, out: Path | None) -> None:
    """Print the leaderboard of the results in DIRECTORY; write it as Markdown and CSV.

    DIRECTORY is what a run wrote (runs/<suite name>), or any folder of result files.
    """
    inner = directory / "results"
    publish(read_results(inner if inner.is_dir() else directory), out or directory)
