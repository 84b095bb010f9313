"""``reidbench store``: what is in the artefact store, and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from time import time

import click
from tabulate import tabulate

from reidbench.cli.options import shared
from reidbench.cli.store.prune import command as prune
from reidbench.cli.store.verify import command as verify
from reidbench.store import Store
from reidbench.store.inventory import DAMAGED, Artefact, Leftover, Survey, survey
from reidbench.text import duration, size_text, time_text

_ORDERS: dict[str, Callable[[Artefact], tuple[object, ...]]] = {
    "age": lambda each: (each.used,),
    "size": lambda each: (-each.size,),
    "kind": lambda each: (each.kind, each.what),
}


@click.group("store")
def command() -> None:
    """List the networks and measurements that runs keep, check them, make room.

    Every suite that names the same store shares what is in it. Nothing in it is lost for good:
    what is removed is made again when a run needs it, which takes its time.

    \b
    Examples:
      reidbench store list --sort size       what there is, the largest first
      reidbench store verify                 is every file as it was written?
      reidbench store prune --keep-size 2GB  remove what was not used for longest
    """  # noqa: D301 - click wants the character, not the two letters


@command.command("list", short_help="List what is kept: kind, size, last use, seconds it took.")
@shared("store")
@click.option(
    "--sort",
    "order",
    type=click.Choice(list(_ORDERS)),
    default="age",
    show_default=True,
    help="The least recently used first, the largest first, or by kind and content.",
)
def list_command(store: Path, order: str) -> None:
    """List every artefact: what it is, its size, when it was last used, how long it took to make.

    An artefact is used when it is made, when a phase starts from it, and when one is used that
    starts from it. Sizes are decimal: 1 GB is 1000 MB.
    """
    found = survey(Store(store))
    if not found.artefacts and not found.leftovers:
        click.echo(f"{store}: no artefact in it yet; reidbench run SUITE --store {store} fills it")
        return
    artefacts, now = sorted(found.artefacts, key=_ORDERS[order]), time()
    rows = [_row(each, now) for each in artefacts]
    headers = ("key", "kind", "what", "size", "used", "took")
    sides = ("left",) * 3 + ("right",) * 3
    # A key may look like a number: 16 digits, or one of them an e.
    click.echo(tabulate(rows, headers, colalign=sides, disable_numparse=True))
    click.echo("\n" + _totals(found) + "\n")
    for line in _remarks(found, now):
        click.echo(line)


command.add_command(prune)
command.add_command(verify)


def _row(artefact: Artefact, now: float) -> tuple[str, ...]:
    return (
        artefact.key,
        artefact.kind,
        artefact.what or "-",
        size_text(artefact.size),
        f"{time_text(now - artefact.used)} ago",
        _took([artefact]),
    )


def _took(artefacts: Iterable[Artefact]) -> str:
    known = [each.seconds for each in artefacts if each.seconds is not None]
    return duration(sum(known)) if known else "-"


def _totals(found: Survey) -> str:
    kinds = sorted({each.kind for each in found.artefacts})
    groups = {kind: [each for each in found.artefacts if each.kind == kind] for kind in kinds}
    rows = [
        (name, len(group), size_text(sum(each.size for each in group)), _took(group))
        for name, group in {**groups, "in all": found.artefacts}.items()
    ]
    headers, sides = ("kind", "artefacts", "size", "took"), ("left",) + ("right",) * 3
    return tabulate(rows, headers, colalign=sides)


def _remarks(found: Survey, now: float) -> Iterable[str]:
    damaged = [each.key for each in found.artefacts if each.kind == DAMAGED]
    if damaged:
        names = ", ".join(damaged)
        yield f"damaged: {names}; reidbench store verify says how, and how to repair it"
    if found.leftovers:
        names = ", ".join(_named(each, now) for each in found.leftovers)
        if any(each.is_checkpoint for each in found.leftovers):
            names += "; a phase goes on from its checkpoint, and prune clears it after a week"
        yield (
            f"temporary folders: {names}; being written, or left over by a crash: "
            "reidbench store prune clears those older than a day"
        )


def _named(leftover: Leftover, now: float) -> str:
    changed = time_text(now - leftover.changed)
    return f"{leftover.path.name} ({size_text(leftover.size)}, changed {changed} ago)"
