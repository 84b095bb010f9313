"""``reidbench plugins``: everything a suite may name, and what failed to load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter

import click
from tabulate import tabulate

from reidbench.api.records import MethodRecord, Record
from reidbench.cli.options import shared
from reidbench.cli.plugins.check import command as check
from reidbench.plugins import Catalogue, Registry, discover
from reidbench.plugins.registry import R
from reidbench.text import counted


@click.group("plugins", invoke_without_command=True)
@shared("disabled")
@click.pass_context
def command(context: click.Context, disabled: tuple[str, ...]) -> None:
    """List every method, backbone and data set, whose it is, and what failed to load.

    With 'check', try pruning methods instead: reidbench plugins check NAME --fast
    """
    context.obj = disabled
    if context.invoked_subcommand is not None:
        return
    registry = discover(disabled)
    _show("METHODS", {"strategy, allocation": _how}, registry.methods)
    click.echo("Options, source, cost and deviations of each: reidbench cards NAME\n")
    extra: dict[str, Callable[[Record], str]]
    extra = {"options": _options, "reference": attrgetter("reference")}
    _show("BACKBONES", extra, registry.backbones)
    _show("DATA SETS", extra, registry.datasets)
    click.echo(_problems(registry))


command.add_command(check)


def _how(record: MethodRecord) -> str:
    return "-" if record.prunes == "nothing" else f"{record.strategy}, {record.allocation}"


def _options(record: Record) -> str:
    return record.options_text() or "-"


def _show(title: str, extra: Mapping[str, Callable[[R], str]], catalogue: Catalogue[R]) -> None:
    headers = ["name", *extra, "version", "owner", "summary"]
    cells = [
        [
            component.record.name + " (control)" * getattr(component.record, "control", False),
            *(cell(component.record) for cell in extra.values()),
            component.record.version,
            str(component.owner),
            component.record.summary,
        ]
        for component in catalogue.components
    ]
    # A terminal of a hundred columns holds it.
    widths = [{"reference": 22, "summary": 36 if len(extra) < 2 else 24}.get(h) for h in headers]
    click.echo(f"{title}\n{tabulate(cells, headers=headers, maxcolwidths=widths)}\n")


def _problems(registry: Registry) -> str:
    if not registry.problems:
        return f"{counted(len(registry.plugins), 'plugin')} loaded, none failed"
    lines = [f"{p.plugin} ({p.plugin.name}): {p.reason}" for p in registry.problems]
    return "LEFT OUT\n" + "\n".join(lines)
