"""``reidbench reproduce``: published trials run again, and whether their scores agree."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from reidbench.cli.options import shared
from reidbench.cli.run import interruptible
from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.leaderboard.agreement import Agreement
from reidbench.leaderboard.render.agreement import agreement_page, agreement_text
from reidbench.run.options import RunOptions
from reidbench.run.reproduce import Published, draw_published, find_published, reproduce

OUT = Path("runs/reproduce")
PAGE = "agreement.md"


@click.command("reproduce")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--draw",
    type=click.IntRange(min=1),
    metavar="N",
    help="Draw N trials at random from a folder of results.",
)
@click.option(
    "--draw-seed", type=int, help="Another number, another draw; with --draw.  [default: 0]"
)
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="The suite they were run from.  [default: suite.yaml beside them, or the shipped one]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=OUT,
    show_default=True,
    help="Folder for the new results, their store and the page.",
)
@shared("data", "device", "threads", "disabled", "step_timeout")
@click.option(
    "--workers", type=click.IntRange(min=0), default=1, show_default=True, help="Worker processes."
)
def command(
    results: Sequence[Path],
    draw: int | None,
    draw_seed: int | None,
    suite: Path | None,
    **given: Any,
) -> int:
    """Run published trials again, and say whether their scores agree.

    RESULTS are trials, each as FOLDER/KEY, or with --draw a folder of results. Each trial is
    planned from its suite and computed anew, never from what is already in a store, with the
    published number of threads unless --threads is given. Scores agree when they are at most two
    seed deviations apart: what another seed moves a row of that table by.

    \b
      reidbench reproduce leaderboard/quickstart/11aa312c3cca7566
      reidbench reproduce leaderboard/quickstart --draw 3

    Interrupted, the same command goes on. Exit status: 0 all agree, 1 some do not, 2 wrong input.
    """  # noqa: D301 - click wants the character, not the two letters
    asked = _asked(results, draw, draw_seed)
    options = RunOptions(
        suite=suite or "", store=given["out"] / "store", progress=sys.stderr, **given
    )
    made: list[Agreement] = []
    with interruptible():
        for number, published in enumerate(asked, 1):
            click.echo(f"[{number}/{len(asked)}] {published.result.trial}", err=True)
            made.append(reproduce(published, options))
            write_atomically(given["out"] / PAGE, agreement_page(made))
    click.echo(agreement_text(made))
    click.echo(f"\nwritten: {given['out'] / PAGE}", err=True)
    return 0 if all(it.verdict in ("identical", "agrees") for it in made) else 1


def _asked(results: Sequence[Path], draw: int | None, seed: int | None) -> list[Published]:
    if draw is None:
        if seed is not None:
            raise ReidbenchError(f"--draw-seed {seed} is for --draw: say how many to draw")
        return list(_named(results))
    if len(results) != 1:
        raise ReidbenchError(f"--draw {draw}: give one folder of results to draw from")
    return draw_published(results[0], draw, seed or 0)


def _named(results: Sequence[Path]) -> Iterator[Published]:
    for path in results:
        if path.is_dir():
            raise ReidbenchError(
                f"{path}: a folder of results; name trials of it, as in {path / 'KEY'}, or draw "
                "some with --draw N"
            )
        yield find_published(path)
