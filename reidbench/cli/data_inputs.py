"""What the subcommands of ``reidbench data`` share: plugins, data root, options, a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import yaml
from click.core import ParameterSource

from reidbench.plugins import Registry, discover
from reidbench.records import OptionError, Record

settings_option = click.option(
    "--option",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an option of the data set; may be repeated.",
)


def registry_of(context: click.Context) -> Registry:
    """Discover plugins but for those that the group was told to leave out."""
    return discover(_group(context).params["disabled"])


def root_of(context: click.Context) -> Path:
    """Return the data root, whichever side of the subcommand's name ``--data`` stands."""
    given = context.get_parameter_source("data_root") is ParameterSource.COMMANDLINE
    root: Path = (context if given else _group(context)).params["data_root"]
    return root


def _group(context: click.Context) -> click.Context:
    assert context.parent is not None  # a subcommand's context hangs on its group's
    return context.parent


def settings(pairs: Sequence[str], record: Record) -> dict[str, Any]:
    """Return options given as ``NAME=VALUE``, typed as a suite's would be.

    Raises:
        OptionError: no ``=``, or an option or a value that the record does not take.

    """
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise OptionError(f"--option {pair}: write it as NAME=VALUE")
        # A word that looks like a number is one, unless the option takes text.
        text = isinstance(record.options.get(name), str)
        options[name] = value if text else _scalar(value)
    record.settings(options)
    return options


def _scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show images done and the time left on a terminal; yield what to call with how many."""
    # Here, because listings and help need none of it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(file=sys.stderr, highlight=False)
    if not console.is_terminal:
        click.echo(f"{title}: {total} images ...", err=True)
        yield lambda done: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("images, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as live:
        task = live.add_task(title, total=total)
        yield lambda done: live.advance(task, done)
