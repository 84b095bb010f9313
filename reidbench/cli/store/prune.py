"""``reidbench store prune``: makes room by removing what was not used for longest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from reidbench.cli.options import shared
from reidbench.store import Store
from reidbench.store.cleanup import Limits, excess, remove_leftover, remove_unused, stale
from reidbench.store.clock import time_on
from reidbench.store.inventory import Artefact, Leftover, Survey, survey
from reidbench.text import (
    QuantityError,
    parse_size,
    parse_time,
    size_text,
    time_text,
)

N = TypeVar("N", int, float)

KINDS = ("load", "train", "prune", "evaluate", "scores", "pixels", "damaged")


def _quantity(parse: Callable[[str], N]) -> Callable[..., N | None]:
    def convert(context: click.Context, option: click.Parameter, text: str | None) -> N | None:
        try:
            return None if text is None else parse(text)
        except QuantityError as error:
            raise QuantityError(f"{option.opts[0]} {error}") from error

    return convert


@click.command("prune", short_help="Remove the least recently used until the store is small.")
@shared("store")
@click.option(
    "--keep-size",
    metavar="SIZE",
    callback=_quantity(parse_size),
    help="Remove until the store is no larger than this, e.g. 2GB (decimal units).",
)
@click.option(
    "--older-than",
    metavar="TIME",
    callback=_quantity(parse_time),
    help="Remove what was not used for this long, e.g. 30d or 12h.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="Remove artefacts of this kind alone; may be repeated.",
)
@click.option(
    "--spare",
    metavar="TIME",
    default="1h",
    show_default=True,
    callback=_quantity(parse_time),
    help="Never remove what was used within this time: a run may be about to read it.",
)
@click.option("--dry-run", is_flag=True, help="List what would go, and remove nothing.")
def command(
    store: Path,
    keep_size: int | None,
    older_than: float | None,
    kinds: tuple[str, ...],
    spare: float,
    dry_run: bool,
) -> None:
    """Remove artefacts, the least recently used first, and left-over temporary folders.

    An artefact is used when it is made, when a phase starts from it, and when one is used that
    starts from it. It is safe beside a run on the same store: what has just been used
    stays, and what goes is there in whole or not at all. The next run that needs it makes it again.

    \b
    Examples:
      reidbench store prune --keep-size 2GB --dry-run
      reidbench store prune --older-than 30d
      reidbench store prune --keep-size 0 --kind pixels
      reidbench store prune --keep-size 0 --spare 0      everything, when nothing else runs
    """  # noqa: D301 - click wants the character, not the two letters
    if keep_size is None and older_than is None:
        raise QuantityError("nothing says what to remove; give --keep-size, --older-than or both")
    kept, now = Store(store), time_on(store)
    found, limits = survey(kept), Limits(keep_size, older_than, kinds, spare)
    going, spared = excess(found, limits, now)
    cleared = stale(found, now)
    if dry_run:
        for artefact in going:
            click.echo(_line(artefact, now))
    else:
        going = tuple(each for each in going if remove_unused(kept, each))
        for folder in cleared:
            remove_leftover(folder)
        cleared = tuple(folder for folder in cleared if not folder.path.exists())
    click.echo(f"{store}: {_summary(found, going, cleared, dry_run=dry_run)}")
    if spared:
        size = size_text(sum(each.size for each in spared))
        click.echo(
            f"{len(spared)} more ({size}) used within {time_text(spare)} spared, as a run may need "
            "them; when nothing else runs: --spare 0"
        )


def _line(artefact: Artefact, now: float) -> str:
    used = time_text(now - artefact.used)
    size = size_text(artefact.size)
    return f"{artefact.key}  {artefact.kind:8}  {size:>7}  used {used} ago  {artefact.what}"


def _summary(
    found: Survey, gone: Sequence[Artefact], cleared: Sequence[Leftover], *, dry_run: bool
) -> str:
    counts = Counter(artefact.kind for artefact in gone)
    words = [f"{count} {kind}" for kind, count in sorted(counts.items())]
    if cleared:
        words.append(f"{len(cleared)} left-over folder{'s' if len(cleared) > 1 else ''}")
    freed = sum(each.size for each in gone) + sum(each.size for each in cleared)
    left, rest = len(found.artefacts) - len(gone), size_text(found.size - freed)
    verb, free = ("would remove", "would be freed") if dry_run else ("removed", "freed")
    what = ", ".join(words) or "nothing"
    return f"{verb} {what}: {size_text(freed)} {free}, {left} artefacts ({rest}) left"
