"""``reidbench data``: which data sets there are, which are here, and whether they are sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from tabulate import tabulate

from reidbench.api.records import DatasetRecord
from reidbench.cli.data.check import command as check
from reidbench.cli.data.make import command as make
from reidbench.cli.data.show import command as show
from reidbench.cli.options import installed, shared
from reidbench.datasets.locate import begun
from reidbench.datasets.stand_in import is_stand_in


@click.group("data", invoke_without_command=True)
@shared("data", "disabled")
@click.pass_context
def command(context: click.Context, data: Path, disabled: tuple[str, ...]) -> None:
    """List every data set: drawn ones, and those you bring, found or not, and where.

    Drawn data sets are built in and need no files. Photographs of people may not be shipped, so
    you bring them: unpack them below one folder, and name it with --data or REIDBENCH_DATA.

    \b
    Examples:
      reidbench data                            what is here
      reidbench data show market1501            where to get one, what goes where, its licence
      reidbench data check market1501           counts as published? every image readable?
      reidbench data make market1501 stand-ins  no photographs: draw a stand-in to try things
      reidbench run SUITE --data stand-ins      use what lies in a folder
    """  # noqa: D301 - click wants the character, not the two letters
    if context.invoked_subcommand is not None:
        return
    registry = installed(disabled)
    records = [component.record for component in registry.datasets.components]
    click.echo(_table(records, data))
    found = [(r.name, str(place)) for r in records if r.disk and (place := r.disk.find(data))]
    _section(f"FOUND below {data}", found)
    missing = [row for record in records for row in _sought(record, data)]
    _section(f"NOT FOUND below {data} (another folder: --data, or REIDBENCH_DATA)", missing)
    if missing:
        click.echo(
            "\nWhere to get one, and what goes where: reidbench data show NAME\n"
            "A drawn stand-in, to try things:       reidbench data make NAME DIR"
        )


for _subcommand in (show, check, make):
    command.add_command(_subcommand)


def _table(records: Sequence[DatasetRecord], root: Path) -> str:
    rows = [[record.name, record.task, _state(record, root), record.summary] for record in records]
    headers = ("name", "task", "state", "summary")
    # A terminal of a hundred columns holds it.
    return tabulate(rows, headers=headers, maxcolwidths=[None, None, None, 46])


def _state(record: DatasetRecord, root: Path) -> str:
    if record.paths:
        return "yours"
    if record.disk is None:
        return "built in, drawn" if record.drawn else "built in"
    found = record.disk.find(root)
    if found is None:
        return "not found"
    return "found: stand-in" if is_stand_in(found) else "found"


def _section(title: str, rows: Sequence[tuple[str, str]]) -> None:
    if rows:
        table = tabulate(rows, tablefmt="plain", maxcolwidths=[None, 76])
        click.echo(f"\n{title}\n{table}")


def _sought(record: DatasetRecord, root: Path) -> list[tuple[str, str]]:
    """Return where a data set that is not there was looked for, and any half of it."""
    if record.disk is None or record.disk.find(root):
        return []
    # A place may be named twice, for two layouts.
    folders = ", ".join(dict.fromkeys(place.folder for place in record.disk.places))
    halves = [("", f"there is {half}") for half in begun(record, root)]
    return [(record.name, f"looked for {folders}"), *halves]
