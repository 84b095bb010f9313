"""``reidbench data show``: origin, licence, layout and counts of one data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import click

from reidbench.api.records import DatasetRecord
from reidbench.cli.data.inputs import counts_table, registry_of, root_of, wrapped
from reidbench.cli.options import shared
from reidbench.datasets.locate import looked_for, open_dataset
from reidbench.errors import ReidbenchError
from reidbench.plugins import Component


@click.command("show", short_help="Print one: origin, licence, expected files, counts.")
@click.argument("name")
@shared("data")
@click.pass_context
def command(context: click.Context, name: str, data: Path) -> None:
    """Print what the data set NAME is, where it comes from, and where its files go.

    Where it is found, its lists are read: counts stand beside those its authors publish.

    \b
    Examples:
      reidbench data show market1501
      reidbench data show market1501 --data /datasets
    """  # noqa: D301 - click wants the character, not the two letters
    component = registry_of(context).datasets.get(name)
    for line in _page(component, root_of(context)):
        click.echo(line)


def _page(component: Component[DatasetRecord], root: Path) -> Iterator[str]:
    record, disk = component.record, component.record.disk
    kind = (
        "drawn"
        if record.drawn
        else "photographs"
        if disk
        else "yours"
        if record.paths
        else "built in"
    )
    yield f"{record.name} {record.version} of {component.owner}: {record.task}, {kind}"
    yield wrapped(record.summary)
    yield ""
    yield from _field("reference", record.reference)
    yield from _field("options", record.options_text() or "none")
    if record.paths:
        yield from _field("where", f"where you say: option {', '.join(record.paths)}, in a suite")
        return
    if disk is None:
        yield from _field("where", "built in: needs no files")
        yield from _counts(component, root)
        return
    yield from _field("origin", disk.origin)
    yield from _field("licence", disk.licence)
    yield from _field("ethics", disk.ethics)
    found = disk.find(root)
    sought = "; or ".join(looked_for(record, root))
    yield from _field("where", f"found: {found}" if found else f"not found; looked for {sought}")
    yield f"\nExpected below {root} (another folder: --data, or REIDBENCH_DATA):\n"
    yield indent(disk.tree.strip("\n"), "    ")
    if found:
        yield from _counts(component, root)
        yield f"\nIs it whole, is every image readable?  reidbench data check {record.name}"
    elif disk.writer:
        yield (
            f"\nNo photographs? Draw a stand-in from '{disk.stand_in}' in this layout:\n"
            f"    reidbench data make {record.name} stand-ins"
        )


def _field(name: str, text: str) -> Iterator[str]:
    if text.strip("- "):
        yield wrapped(f"{name:13}{text}", 13)


def _counts(component: Component[DatasetRecord], root: Path) -> Iterator[str]:
    """Tell what the lists hold; a data set that breaks its own rules still has a page."""
    try:
        data = open_dataset(component, {}, root)
    except ReidbenchError as error:
        yield "\n" + wrapped(f"Its lists cannot be read: {error}")
        return
    if data.drawn and component.record.disk:
        yield "\nWhat is there is a drawn stand-in, not the published data set."
    yield f"\n{counts_table(data)}"
