"""``reidbench search``: what a network finds, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reidbench.cli.called_trial import trial_called
from reidbench.cli.options import shared


@click.command("search")
@click.argument("trial")
@click.option(
    "--gallery",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of images to search, sub-folders too.",
)
@click.option(
    "--query",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Image of the person to find.",
)
@click.option("--beside", metavar="TRIAL", help="Another trial to compare with, e.g. the dense.")
@click.option("--top", type=click.IntRange(1, 50), default=10, show_default=True, help="Images.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="search.png",
    show_default=True,
    help="The picture to write.",
)
@shared("device", "store", "disabled")
def command(
    trial: str,
    gallery: Path,
    query: Path,
    beside: str | None,
    top: int,
    out: Path,
    device: str,
    **where: Any,
) -> None:
    """Draw the gallery images that a trial's network finds nearest to a query.

    TRIAL is a result file of a run, the key of a phase or its beginning, or what a trial of a run
    is called (l1/0.5/seed=0; see 'reidbench curves'). Frames are green for the same person
    and red for another where file names begin with an identity, as in 0002_c1s1_000451_03.jpg.
    """
    names = [trial_called(it, where["store"]) for it in (trial, beside) if it is not None]
    from reidbench.engine.deployment.search import draw, search
    from reidbench.engine.deployment.sources import open_trial
    from reidbench.engine.device import prepare_device

    on = prepare_device(device, threads=None)
    # All of them first, so that nothing is searched before what is wrong with the second is said.
    opened = [open_trial(name, **where) for name in names]
    rows = []
    for name, loaded in zip(names, opened, strict=True):
        loaded.network.to(on)
        hits = search(loaded, query, gallery, top)
        rows.append((Path(name).stem, hits))
        for place, hit in enumerate(hits, start=1):
            found = {True: "same", False: "other", None: "?"}[hit.same]
            click.echo(f"{Path(name).stem}  {place:2}  {hit.distance:.4f}  {found:5}  {hit.file}")
    draw(query, rows, out)
    click.echo(f"written: {out}", err=True)
