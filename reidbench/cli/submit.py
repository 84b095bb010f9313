"""``reidbench submit``: the folder of a submission, and what it still lacks."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.cli.check import PUBLISHED, say
from reidbench.cli.options import shared
from reidbench.cli.results.command import say_curves
from reidbench.results import PACK, read_pack
from reidbench.submissions.check import check
from reidbench.submissions.prepare import prepare

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("submit")
@click.argument("directory", type=_FOLDER)
@click.option("--out", type=_FOLDER, help="Folder to write.  [default: leaderboard/<its name>]")
@click.option("--published", type=_FOLDER, default=PUBLISHED, show_default=True)
@shared("store")
@click.pass_context
def command(
    context: click.Context, directory: Path, out: Path | None, published: Path, store: Path
) -> None:
    """Make a folder to publish of what a run wrote to DIRECTORY, and say what is missing.

    Training curves are taken from the store. Nothing is sent: docs/publishing.md says how. The exit
    status is 1 while something is missing.
    """
    out = out or published / directory.resolve().name
    folder = prepare(directory, out)
    say_curves(folder, read_pack(folder / PACK), store)
    context.exit(1 if say(folder, check(folder, published)) else 0)
