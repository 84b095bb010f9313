"""A bar for long work that is no run: what is done, and the time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from reidbench.text import size_text


@contextmanager
def bar(title: str, total: int, *, in_bytes: bool = False) -> Iterator[Callable[[int], None]]:
    """Show what is done on a terminal, a line elsewhere; yield what to call with how much more.

    Args:
        title: what is done, for people: ``reading``.
        total: how many images there are to do.
        in_bytes: the total, and what is done, are bytes instead.
    """
    # Here, because listings and help need none of it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(file=sys.stderr, highlight=False)
    if not console.is_terminal:
        amount = size_text(total) if in_bytes else f"{total} images"
        click.echo(f"{title}: {amount} ...", err=True)
        yield lambda done: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn() if in_bytes else MofNCompleteColumn(),
        TextColumn("left" if in_bytes else "images, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as live:
        task = live.add_task(title, total=total)
        yield lambda done: live.advance(task, done)
