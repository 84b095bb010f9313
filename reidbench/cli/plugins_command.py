"""``reidbench plugins``: everything a suite may name, and what failed to load."""

from __future__ import annotations

import click
from tabulate import tabulate

from reidbench.cli.options import disable_option
from reidbench.plugins import Component, Registry, Shelf, discover
from reidbench.records import MethodRecord


@click.command("plugins")
@disable_option
def command(disabled: tuple[str, ...]) -> None:
    """List every method, backbone and data set with version, owner and reference."""
    registry = discover(disabled)
    for title, shelf in (
        ("METHODS", registry.methods),
        ("BACKBONES", registry.backbones),
        ("DATA SETS", registry.datasets),
    ):
        click.echo(f"{title}\n{_table(shelf)}\n")
    click.echo(_problems(registry))


def _table(shelf: Shelf[MethodRecord] | Shelf[object]) -> str:
    headers = ["name", "version", "owner", "summary", "reference"]
    rows = [_row(component) for component in shelf.components]
    if any(isinstance(c.record, MethodRecord) for c in shelf.components):
        headers.insert(1, "strategy, allocation")
    return tabulate(rows, headers=headers, tablefmt="simple", maxcolwidths=[None] * (len(headers) - 2) + [44, 40])


def _row(component: Component[object]) -> list[str]:
    record = component.record
    row = [record.name, record.version, str(component.owner), record.summary, record.reference]
    if isinstance(record, MethodRecord):
        row.insert(1, f"{record.strategy}, {record.allocation}")
    return row


def _problems(registry: Registry) -> str:
    if not registry.problems:
        return f"{len(registry.plugins)} plugin(s) loaded, none failed"
    lines = [f"{p.plugin} ({p.plugin.name}): {p.reason}" for p in registry.problems]
    return "LEFT OUT\n" + "\n".join(lines)
