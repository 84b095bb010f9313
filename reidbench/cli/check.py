"""``reidbench check``: whether folders of results are fit to be published."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from reidbench.submissions.check import check
from reidbench.submissions.finding import Finding, by_kind

PUBLISHED = Path("leaderboard")
_FOLDER = click.Path(path_type=Path)


@click.command("check")
@click.argument("folders", nargs=-1, required=True, type=_FOLDER, metavar="FOLDER...")
@click.option(
    "--published",
    type=_FOLDER,
    default=PUBLISHED,
    show_default=True,
    help="The published folders: their test identities and anchors are compared.",
)
@click.option(
    "--before",
    type=_FOLDER,
    help="The published folders before the change: none of their lines may differ.",
)
@click.pass_context
def command(
    context: click.Context, folders: tuple[Path, ...], published: Path, before: Path | None
) -> None:
    """Check results that are to be published, in seconds, without running any of their code.

    Every finding names file, line and field, what is wrong and what to do. Findings marked 'look'
    refuse nothing: a maintainer judges them. The exit status is 1 if anything is refused.
    """
    refused = 0
    for folder in folders:
        found = check(folder, published, before)
        refused += say(folder, found)
    context.exit(1 if refused else 0)


def say(folder: Path, found: Iterable[Finding]) -> int:
    """Print every finding, what is to be looked at once a kind; return how many refuse."""
    found = list(found)
    refused = sorted(it for it in found if it.kind == "refused")
    looks = by_kind(it for it in found if it.kind == "look")
    for finding in refused:
        click.echo(_line(folder, finding))
    for finding, others in looks:
        click.echo(f"look: {_line(folder, finding)}{others}")
    click.echo(f"{folder}: {len(refused)} refused, {len(looks)} to look at")
    return len(refused)


def _line(folder: Path, finding: Finding) -> str:
    return f"{folder / finding.file}{str(finding).removeprefix(finding.file)}"
