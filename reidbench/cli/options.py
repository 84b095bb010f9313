"""Options that several commands share, and where runs keep their things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

RUNS = Path("runs")

suite_argument = click.argument("suite", type=click.Path(path_type=Path))

out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results, log and leaderboard.  [default: runs/<suite name>]",
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="REIDBENCH_STORE",
    default=RUNS / "store",
    show_default=True,
    show_envvar=True,
    help="Folder of networks and measurements that suites share.",
)
data_option = click.option(
    "--data",
    "data_root",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="REIDBENCH_DATA",
    default=Path("data"),
    show_default=True,
    show_envvar=True,
    help="Folder below which data sets that you bring are looked for.",
)
disable_option = click.option(
    "--disable-plugin",
    "disabled",
    multiple=True,
    metavar="NAME",
    help="Leave out a plugin, by entry point or distribution; may be repeated.",
)


def results_folder(out: Path | None, suite_name: str) -> Path:
    """Return where the results of a suite live."""
    return (out or RUNS / suite_name) / "results"
