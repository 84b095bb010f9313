"""``reidbench data check``: whether a data set is whole, consistent and readable."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from time import perf_counter

import click

from reidbench.api.data import ClassificationData, DataError, ReIDData
from reidbench.api.records import DatasetRecord
from reidbench.cli.data.inputs import (
    counts_table,
    registry_of,
    root_of,
    settings,
    settings_option,
    wrapped,
)
from reidbench.cli.options import shared
from reidbench.cli.progress_bar import bar
from reidbench.datasets.check import Finding, compare, image_count, inspect_lists, read_images
from reidbench.datasets.content import with_digests
from reidbench.datasets.kinds import unusual_images
from reidbench.datasets.locate import MissingData, open_dataset, parts
from reidbench.text import duration

_SHOWN = 12


@click.command("check", short_help="Hold one against its published counts; read every image.")
@click.argument("name")
@shared("data")
@settings_option
@click.option("--lists", is_flag=True, help="Read no image: seconds instead of minutes.")
@click.pass_context
def command(
    context: click.Context, name: str, data: Path, pairs: tuple[str, ...], lists: bool
) -> int:
    """Check the data set NAME: its counts, its lists, and that every image can be read.

    \b
    counts   people, images and cameras, beside those the authors publish
    lists    files whose names break the rules, people in both training and test,
             queries that no gallery image of another camera can answer
    images   every one is decoded to its last pixel: truncated, empty, animated and damaged files
             show; grey, CMYK, turned and other unusual ones are named with how they are read

    \b
    Examples:
      reidbench data check market1501
      reidbench data check market1501 --data /datasets --lists
      reidbench data check synthped-quick --option domain=b

    Exit status: 0 nothing wrong, 1 findings, 2 not found or wrong input.
    """  # noqa: D301 - click wants the character, not the two letters
    component, root = registry_of(context).datasets.get(name), root_of(context)
    record = component.record
    options = settings(pairs, record)
    place = (record.disk and record.disk.find(root)) or "built in"
    head = f"{record.name} {record.version} of {component.owner}, {place}"
    try:
        opened = open_dataset(component, options, root)
    except MissingData as error:
        tree = record.disk.tree.strip("\n") if record.disk else ""
        click.echo(f"reidbench: {error}\nexpected below {root}:\n{indent(tree, '    ')}", err=True)
        return 2
    except DataError as error:
        # Of a built-in data set only the options can be wrong.
        if record.disk is None:
            raise
        click.echo(f"{head}\n")
        return _conclude(record, [Finding(str(error))], "nothing more can be checked")
    click.echo(head)
    return _check(record, opened, lists=lists)


def _check(record: DatasetRecord, data: ReIDData | ClassificationData, *, lists: bool) -> int:
    if data.drawn and record.disk:
        click.echo("A drawn stand-in in this layout, not the published data set: nothing to match.")
    click.echo(f"{_fingerprint(record, data, lists=lists)}\n")
    click.echo(f"{counts_table(data)}\n")
    findings = inspect_lists(data)
    if lists:
        return _conclude(record, findings, f"{_lists_word(data)}, no image was read (--lists)")
    count, started = image_count(data), perf_counter()
    with bar("reading", count) as tick:
        damaged = read_images(data, tick)
    findings += [damaged] if damaged else []
    findings += unusual_images(data)
    took = duration(perf_counter() - started)
    return _conclude(record, findings, f"{_lists_word(data)}, {count:,} images read in {took}")


def _fingerprint(record: DatasetRecord, data: ReIDData | ClassificationData, *, lists: bool) -> str:
    """Return a line with the hash of lists and images, as far as these can be read."""
    digests = [split.digest for split in parts(data).values()]
    if not (record.drawn or all(digests)):
        if lists:
            return "no fingerprint: its plugin gives no digest of its images (leave --lists out)"
        try:
            data = with_digests(data)
        except DataError:
            return "no fingerprint: its plugin gives no digest, and not all images can be read"
    return f"fingerprint {data.fingerprint[:12]}: the same wherever the same files are"


def _lists_word(data: ReIDData | ClassificationData) -> str:
    """Return what the counts were compared with."""
    if data.drawn:
        return "drawn, so compared with no published counts"
    comparisons = compare(data)
    if all(one.published is None for one in comparisons):
        return "no published counts to compare it with"
    return (
        "counts not as published"
        if any(one.differs for one in comparisons)
        else "counts as published"
    )


def _conclude(record: DatasetRecord, findings: list[Finding], word: str) -> int:
    """Print findings, then one line that sums up; return the exit status."""
    faults = sum(finding.fault for finding in findings)
    for finding in findings:
        _show(finding)
    verdict = f"{faults} finding{'s' if faults > 1 else ''}" if faults else "nothing wrong"
    click.echo(wrapped(f"{record.name}: {verdict}: {word}"))
    return 1 if faults else 0


def _show(finding: Finding) -> None:
    head = click.style("FOUND", fg="red", bold=True) if finding.fault else "note "
    # Wrapped with a word as long as the head, whose colour has no width.
    text = wrapped(f"FOUND  {finding.sentence}", 7)[len("FOUND") :]
    click.echo(head + text)
    for example in finding.examples[:_SHOWN]:
        click.echo(f"         {example}")
    if len(finding.examples) > _SHOWN:
        click.echo(f"         and {len(finding.examples) - _SHOWN:,} more")
    click.echo()
