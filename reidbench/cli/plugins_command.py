"""``reidbench plugins``: everything a suite may name, and what failed to load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from tabulate import tabulate

from reidbench.cli.options import disable_option
from reidbench.plugins import Component, Registry, discover


@click.command("plugins")
@disable_option
def command(disabled: tuple[str, ...]) -> None:
    """List every method, backbone and data set with version, owner and reference."""
    registry = discover(disabled)
    methods = [
        (c, [f"{c.record.strategy}, {c.record.allocation}"]) for c in registry.methods.components
    ]
    nothing: list[str] = []
    backbones = [(c, nothing) for c in registry.backbones.components]
    datasets = [(c, nothing) for c in registry.datasets.components]
    _show("METHODS", ["strategy, allocation"], methods)
    _show("BACKBONES", [], backbones)
    _show("DATA SETS", [], datasets)
    click.echo(_problems(registry))


def _show(title: str, extra: list[str], rows: Sequence[tuple[Component[Any], list[str]]]) -> None:
    headers = ["name", *extra, "version", "owner", "summary", "reference"]
    cells = [
        [
            c.record.name,
            *words,
            c.record.version,
            str(c.owner),
            c.record.summary,
            c.record.reference,
        ]
        for c, words in rows
    ]
    widths = [None] * (len(headers) - 2) + [44, 40]
    click.echo(f"{title}\n{tabulate(cells, headers=headers, maxcolwidths=widths)}\n")


def _problems(registry: Registry) -> str:
    if not registry.problems:
        return f"{len(registry.plugins)} plugin(s) loaded, none failed"
    lines = [f"{p.plugin} ({p.plugin.name}): {p.reason}" for p in registry.problems]
    return "LEFT OUT\n" + "\n".join(lines)
