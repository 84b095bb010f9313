"""``reidbench leaderboard``: the table of a folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reidbench.cli.options import installed
from reidbench.cli.publish import publish
from reidbench.config.shipped import REPORTED as SHIPPED
from reidbench.config.suite import load_suite
from reidbench.files import write_atomically
from reidbench.leaderboard import (
    Leaderboard,
    ViewError,
    build,
    columns_named,
    compare,
    find_latency,
    in_both,
    orders,
    part_of,
    read_latency,
    to_bibtex,
    to_csv,
    to_html,
    to_json,
    to_latex,
    to_markdown,
    to_side_by_side,
    to_terminal,
    with_latency,
    with_reported,
)
from reidbench.leaderboard.reported.paper import load_papers
from reidbench.leaderboard.states import in_state
from reidbench.results import Result, ResultError, read_results, single_files
from reidbench.run.run_folder import SUITE_COPY
from reidbench.submissions.states import state_of

FORMATS = ("latex", "markdown", "csv", "json", "html")
REPORTED = Path("leaderboard/reported")


@click.command("leaderboard")
@click.argument(
    "directories", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIRECTORY [B]"
)
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
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Print it in this form instead, and write nothing.",
)
@click.option("--columns", metavar="NAME,...", help="Columns beside rank and method.")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Rows of this backbone, method, source, ...; values of one field are alternatives.",
)
@click.option("--reduction", "reductions", type=float, multiple=True, help="Such as 0.5.")
@click.option("--sort", metavar="[-]NAME", help="A column of the CSV; '-': the largest first.")
@click.option(
    "--bibtex",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sources of the methods to this file.",
)
def command(
    directories: tuple[Path, ...],
    out: Path | None,
    papers: bool,
    reported: Path | None,
    bibtex: Path | None,
    **view: Any,
) -> None:
    """Print the leaderboard of the results in DIRECTORY; write it as Markdown and CSV.

    DIRECTORY is what a run wrote (runs/<suite name>), or any folder of result files. The claims,
    and the seeds that a row must have to be ranked, are those of the suite.yaml in it. Timings
    that 'reidbench profile' wrote as latency.json, there or in the folder above, are added.

    With --format, --columns, --where, --reduction or --sort a part of it is printed, and no page is
    written. Ranks are always those among all rows. LaTeX needs the packages booktabs and siunitx.

    With a second folder B the two are shown side by side: what differs in versions, threads and
    hardware, and whether their rows agree, each beside the dense row of its own folder; then how
    alike their tables order the methods that both rank, other data or networks included.
    """
    directory, *others = directories
    chosen = {name: value for name, value in view.items() if value not in (None, ())}
    if chosen and out:
        raise ViewError("--out is for the whole pages; print this part into a file with '> FILE'")
    if others:
        if len(others) > 1 or chosen or out or papers or reported or bibtex:
            raise ViewError("two folders are compared, two alone and without options")
        click.echo(_side_by_side(directory, others[0]), nl=False)
        return
    board = _board(directory, papers, reported)
    if bibtex:
        write_atomically(bibtex, to_bibtex(board, _references()))
    if chosen:
        click.echo(_printed(board, **view), nl=False)
    else:
        publish(board, out or directory)


def _side_by_side(first: Path, second: Path) -> str:
    repeated = in_both(_results(first), _results(second))
    ours, theirs = (_board(each, False, None) for each in (first, second))
    comparison = compare(ours, theirs, repeated)
    return to_side_by_side(comparison, str(first), str(second), list(orders(ours, theirs)))


def _printed(
    board: Leaderboard,
    form: str | None,
    columns: str | None,
    where: tuple[str, ...],
    reductions: tuple[float, ...],
    sort: str | None,
) -> str:
    names = columns_named(columns)
    if columns and form in ("csv", "json"):
        raise ViewError(f"--columns: {form} has all of them; leave it out")
    part = part_of(board, where, reductions, sort)
    if form in ("csv", "json"):
        return to_csv(part) if form == "csv" else to_json(part)
    if form is None:
        return to_terminal(part, columns=names) if columns else to_terminal(part)
    return {"latex": to_latex, "markdown": to_markdown, "html": to_html}[form](part, names)


def _references() -> dict[str, str]:
    catalogue = installed(()).methods
    return {name: catalogue.get(name).record.reference for name in catalogue.names()}


def _board(directory: Path, papers: bool, reported: Path | None) -> Leaderboard:
    results = _results(directory)
    copy = directory / SUITE_COPY
    suite = load_suite(copy).content if copy.is_file() else None
    board = build(results, suite.claims, suite.seeds) if suite else build(results)
    board = in_state(board, state_of(directory))
    if papers or reported:
        board = with_reported(board, load_papers(reported or _reported()))
    return _with_latency(board, directory)


def _with_latency(board: Leaderboard, directory: Path) -> Leaderboard:
    file = find_latency(directory)
    if file is None:
        return board
    timed = with_latency(board, read_latency(file))
    if timed.latency is None and file.parent == directory:
        click.echo(f"{file}: times none of these trials; no column is added", err=True)
    return timed


def _reported() -> Path:
    return REPORTED if REPORTED.is_dir() else SHIPPED


def _results(directory: Path) -> list[Result]:
    inner = directory / "results"
    return _read_all(inner if inner.is_dir() else directory)


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
