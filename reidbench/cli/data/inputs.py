"""What the subcommands of ``reidbench data`` share: plugins, data root, options, tables."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from tabulate import tabulate

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.api.records import OptionError, Record
from reidbench.cli.options import installed
from reidbench.config.yaml_loader import scalar
from reidbench.datasets.check import compare
from reidbench.plugins import Registry

settings_option = click.option(
    "--option",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an option of the data set; may be repeated.",
)


def registry_of(context: click.Context) -> Registry:
    """Return the plugins that load, but for those that the group's options leave out."""
    return installed(_group(context).params["disabled"])


def root_of(context: click.Context) -> Path:
    """Return the data root, whether ``--data`` precedes or follows the subcommand's name."""
    given = context.get_parameter_source("data") is ParameterSource.COMMANDLINE
    root: Path = (context if given else _group(context)).params["data"]
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
        options[name] = value if text else scalar(value)
    record.settings(options)
    return options


def counts_table(data: ReIDData | ClassificationData) -> str:
    """Return the table; without published counts it has a column for what was found alone."""
    comparisons = compare(data)
    if all(one.published is None for one in comparisons):
        rows = [(one.what, f"{one.found:,}") for one in comparisons]
        return tabulate(rows, headers=("what", "found"), colalign=("left", "right"))
    rows_of_four = [
        (
            one.what,
            f"{one.found:,}",
            "-" if one.published is None else f"{one.published:,}",
            one.verdict,
        )
        for one in comparisons
    ]
    return tabulate(
        rows_of_four,
        headers=("what", "found", "published", "verdict"),
        colalign=("left", "right", "right", "left"),
    )


def wrapped(text: str, indent: int = 0) -> str:
    """Return text in lines; every one but the first is indented. Names and addresses stay whole."""
    return textwrap.fill(
        text,
        width=98,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
