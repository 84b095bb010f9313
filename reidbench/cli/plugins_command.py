"""``reidbench plugins``: everything a suite may name, and what failed to load."""

from __future__ import annotations

from collections.abc import Callable

import click
from tabulate import tabulate

from reidbench.cli.options import disable_option
from reidbench.cli.plugins_check import command as check
from reidbench.plugins import Component, R, Registry, Shelf, discover
from reidbench.records import MethodRecord


@click.group("plugins", invoke_without_command=True)
@disable_option
@click.pass_context
def command(context: click.Context, disabled: tuple[str, ...]) -> None:
    """List every method, backbone and data set with version, owner and reference.

    With 'check', try pruning methods instead: reidbench plugins check NAME --fast
    """
    context.obj = disabled
    if context.invoked_subcommand is not None:
        return
    registry = discover(disabled)
    _show("METHODS", ["strategy, allocation"], registry.methods, _how)
    _show("BACKBONES", [], registry.backbones)
    _show("DATA SETS", [], registry.datasets)
    click.echo(_problems(registry))


command.add_command(check)


def _how(record: MethodRecord) -> list[str]:
    return ["-" if record.prunes == "nothing" else f"{record.strategy}, {record.allocation}"]


def _show(
    title: str,
    extra: list[str],
    shelf: Shelf[R],
    words: Callable[[R], list[str]] = lambda record: [],
) -> None:
    headers = ["name", *extra, "options", "version", "owner", "summary", "reference"]
    cells = [[*_row(component, words(component.record))] for component in shelf.components]
    widths = [None] * (len(headers) - 2) + [40, 36]
    click.echo(f"{title}\n{tabulate(cells, headers=headers, maxcolwidths=widths)}\n")


def _row(component: Component[R], words: list[str]) -> list[str]:
    record = component.record
    control = " (control)" if isinstance(record, MethodRecord) and record.control else ""
    options = ", ".join(f"{name}={value}" for name, value in record.options.items()) or "-"
    about = [record.version, str(component.owner), record.summary, record.reference]
    return [record.name + control, *words, options, *about]


def _problems(registry: Registry) -> str:
    if not registry.problems:
        return f"{len(registry.plugins)} plugin(s) loaded, none failed"
    lines = [f"{p.plugin} ({p.plugin.name}): {p.reason}" for p in registry.problems]
    return "LEFT OUT\n" + "\n".join(lines)
