"""``reidbench leaderboard``: the table of a folder of results."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.cli.publish import publish
from reidbench.config.shipped import REPORTED as SHIPPED
from reidbench.config.suite import load_suite
from reidbench.leaderboard import build, with_reported
from reidbench.leaderboard.reported.paper import load_papers
from reidbench.results import Result, ResultError, read_results, single_files
from reidbench.run.run_folder import SUITE_COPY

REPORTED = Path("leaderboard/reported")


@click.command("leaderboard")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for leaderboard.md and leaderboard.csv.  [default: DIRECTORY]",
)
@click.option(
    "--with-reported",
    "papers",
    is_flag=True,
    help="Show what papers report beside tables of the same photographs, unranked.",
)
@click.option(
    "--reported",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of such numbers; implies --with-reported.  "
    f"[default: {REPORTED}, or else those that come with reidbench]",
)
def command(directory: Path, out: Path | None, papers: bool, reported: Path | None) -> None:
    """Print the leaderboard of the results in DIRECTORY; write it as Markdown and CSV.

    DIRECTORY is what a run wrote (runs/<suite name>), or any folder of result files. The claims,
    and the seeds that a row must have to be ranked, are those of the suite.yaml in it.
    """
    inner = directory / "results"
    results = _read_all(inner if inner.is_dir() else directory)
    copy = directory / SUITE_COPY
    suite = load_suite(copy).content if copy.is_file() else None
    board = build(results, suite.claims, suite.seeds) if suite else build(results)
    if papers or reported:
        board = with_reported(board, load_papers(reported or _reported()))
    publish(board, out or directory)


def _reported() -> Path:
    return REPORTED if REPORTED.is_dir() else SHIPPED


def _read_all(folder: Path) -> list[Result]:
    """Read the results of a folder; refuse copies, which would count a trial twice."""
    # Listed before they are read: a run at work may add some meanwhile.
    paths = single_files(folder)
    results = read_results(folder)
    keys = {result.key for result in results}
    if odd := [str(path) for path in paths if path.stem not in keys]:
        raise ResultError(
            f"named by the key of no result, so copies or renamed: {', '.join(odd)}; remove them, "
            "or name each by the 'key' in it"
        )
    return results
