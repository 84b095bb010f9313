"""``reidbench data make``: a drawn stand-in for photographs that one does not have."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import click

from reidbench.cli.data.inputs import registry_of, settings, settings_option
from reidbench.cli.progress_bar import bar
from reidbench.datasets.check import image_count
from reidbench.datasets.stand_in import layout_of, open_source, refuse_to_overwrite, write_stand_in
from reidbench.text import duration


@click.command("make", short_help="Draw a stand-in for one, in its own layout on disk.")
@click.argument("name")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "source",
    metavar="DATASET",
    help="The drawn data set to write.  [default: what the layout's plugin suggests]",
)
@settings_option
@click.option("--replace", is_flag=True, help="Draw a stand-in anew that is there already.")
@click.pass_context
def command(
    context: click.Context,
    name: str,
    folder: Path,
    source: str | None,
    pairs: tuple[str, ...],
    replace: bool,
) -> None:
    """Draw a stand-in for the data set NAME, in its layout on disk, below DIR.

    Whatever reads the photographs then reads drawn pictures: to try a suite before the
    photographs have come, or where they may not go. Results say that they are drawn, and share
    no table with real ones. Options are those of the drawn data set. Photographs are never
    written over.

    \b
    Examples:
      reidbench data make market1501 stand-ins
      reidbench data make market1501 stand-ins --from synthped-quick --option domain=b
      reidbench run SUITE --data stand-ins
    """  # noqa: D301 - click wants the character, not the two letters
    registry = registry_of(context)
    component = registry.datasets.get(name)
    record, disk = component.record, layout_of(component.record)
    refuse_to_overwrite(component, folder, again=replace)
    if not (source or disk.stand_in):
        raise click.UsageError(f"'{name}' suggests no data set to draw: choose one with --from")
    drawn = registry.datasets.get(source or disk.stand_in)
    data = open_source(drawn, settings(pairs, drawn.record), record)
    started = perf_counter()
    with bar(f"drawing {record.name} from {drawn.record.name}", image_count(data)) as tick:
        written = write_stand_in(component, data, folder, tick, again=replace)
    took = duration(perf_counter() - started)
    click.echo(
        f"{written}: drawn from '{drawn.record.name}' in {took}\n"
        f"It is no copy of '{record.name}', and every result on it says that it is drawn.\n\n"
        f"Name '{record.name}' in a suite, and run it on the stand-in:\n"
        f"    reidbench run SUITE --data {folder}"
    )
