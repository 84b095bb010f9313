"""``reidbench results``: result files as they are published, and as commands take them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from reidbench.cli.options import shared
from reidbench.results import (
    CURVES,
    PACK,
    Result,
    ResultError,
    keep_curves,
    packs,
    read_pack,
    read_result,
    read_results,
    single_files,
    write_pack,
    write_result,
)
from reidbench.store import Store
from reidbench.text import size_text

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("results")
def command() -> None:
    """Pack the results of a folder into one file, or take them out again.

    A run writes a file a trial, so that nothing is lost when it is stopped. Published results are
    packed: a line a trial, a tenth of the size. Both are read wherever results are.

    \b
    Examples:
      reidbench results pack runs/mine --out leaderboard/mine
      reidbench results unpack leaderboard/mine --out some/folder
    """  # noqa: D301 - click wants the character, not the two letters


@command.command("pack", short_help="Write all results of a folder into one file.")
@click.argument("directory", type=_FOLDER)
@click.option("--out", type=_FOLDER, help=f"Folder for {PACK}.  [default: DIRECTORY]")
@shared("store")
def pack(directory: Path, out: Path | None, store: Path) -> None:
    """Write all results of DIRECTORY, or of its folder 'results', into one file.

    Without --out the file takes the place of the single files. A folder that a run wrote must be
    given another one: the run looks for its single files when it goes on.

    Every query's average precision is rounded to 1/65534; the means stay as they are. The training
    curves that the store has of these results go into a file beside them, rounded too.
    """
    inner = directory / "results"
    if inner.is_dir() and out is None:
        raise ResultError(
            f"{directory}: a run's own folder, which needs its single files to go on; "
            "name the folder to publish in with --out"
        )
    home = inner if inner.is_dir() else directory
    singles = single_files(home)
    results = {it.key: it for path in packs(home) for it in read_pack(path)}
    results |= {it.key: it for it in map(read_result, singles)}
    if not results:
        read_results(home)
    path = write_pack((out or home) / PACK, results.values())
    if path.parent.resolve() == home.resolve():
        for old in (*singles, *packs(home)):
            if old.name != PACK:
                old.unlink()
    click.echo(f"{path}: {len(results)} results, {size_text(path.stat().st_size)}")
    say_curves(path.parent, results.values(), store)


def say_curves(folder: Path, results: Iterable[Result], store: Path) -> None:
    """Write the training curves of results beside them, and say of how many phases."""
    kept, trained = keep_curves(folder, results, Store(store))
    if kept:
        path = folder / CURVES
        size = size_text(path.stat().st_size)
        click.echo(f"{path}: curves of {kept} of {trained} phases that trained, {size}")
    else:
        click.echo(f"no training curves: {store} has none of these results; name theirs: --store")


@command.command("unpack", short_help="Write a file for each result of a folder.")
@click.argument("directory", type=_FOLDER)
@click.option("--out", type=_FOLDER, required=True, help="Folder for the files.")
def unpack(directory: Path, out: Path) -> None:
    """Write a file for each result of DIRECTORY, as 'export' and 'profile' take them."""
    results = read_results(directory)
    for result in results:
        write_result(out, result)
    click.echo(f"{out}: {len(results)} results")
