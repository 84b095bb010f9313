"""``reidbench curves``: how trials trained, as a table or a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from tabulate import tabulate

from reidbench.api.events import CurvePoint
from reidbench.cli.called_trial import trial_called
from reidbench.cli.options import shared
from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.run.trial_curves import PhaseCurve, TrialCurves, short_names, trial_curves
from reidbench.store import Store

SUFFIXES = (".svg", ".png")
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where along a curve the points of the table are."""


@click.command("curves")
@click.argument("trials", nargs=-1, required=True, metavar="TRIAL...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw them to this file, .svg or .png, in place of a table (needs reidbench[site]).",
)
@shared("store")
def command(trials: tuple[str, ...], out: Path | None, store: Path) -> None:
    """Show how trials trained: loss, learning rate and images a second, phase after phase.

    TRIAL is a result file of a run, or the key of a phase in the store, with the phases before it;
    the beginning of a key, four digits or more; or what a trial of a run is called: its name as
    shown here, or enough of it, each part as --only takes it, divided by slashes. Several trials
    are drawn beside each other.

    \b
    Examples:
      reidbench curves runs/quickstart/results/*.json
      reidbench curves l1/0.5/seed=0 fpgm/0.5/seed=0 --out curves.svg
    """  # noqa: D301 - click wants the character, not the two letters
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise ReidbenchError(f"--out {out}: a picture is a .svg or .png file")
    named = [trial_called(word, store) for word in trials]
    found = {trial: trial_curves(trial, Store(store)) for trial in named}
    for trial, each in found.items():
        if each.is_empty:
            click.echo(
                f"{trial}: no curve of it is in {store}: made by a version that kept none, or "
                "removed since",
                err=True,
            )
    kept = [each for each in found.values() if not each.is_empty]
    if not kept:
        raise ReidbenchError("none of these trials has a curve")
    if out is None:
        click.echo("\n\n".join(map(_table, kept)))
    else:
        _draw(kept, out)
        click.echo(f"written: {out}", err=True)


def _table(trial: TrialCurves) -> str:
    heads = ("phase", "step", "epoch", "loss", "learning rate", "images/s")
    rows = [row for phase in trial.phases for row in _rows(phase)]
    aligned = ("left", *["right"] * 5)
    return f"{trial.name}\n" + tabulate(rows, heads, disable_numparse=True, colalign=aligned)


def _rows(phase: PhaseCurve) -> list[tuple[str, ...]]:
    if not phase.points:
        return [(phase.title, *["-"] * 5)]
    return [
        (phase.title if number == 0 else "", *_cells(point))
        for number, point in enumerate(_some(phase.points))
    ]


def _some(points: Sequence[CurvePoint]) -> list[CurvePoint]:
    places = dict.fromkeys(round(share * (len(points) - 1)) for share in SHARES)
    return [points[place] for place in places]


def _cells(point: CurvePoint) -> tuple[str, ...]:
    loss, rate = f"{point.loss:.3f}", f"{point.learning_rate:.2e}"
    return (str(point.step), f"{point.epoch:.2f}", loss, rate, f"{point.images_per_second:.0f}")


def _draw(trials: Sequence[TrialCurves], out: Path) -> None:
    try:
        from reidbench.leaderboard.figures.training_curves import training_curves
    except ModuleNotFoundError as error:
        if error.name != "vl_convert":
            raise
        raise ReidbenchError(
            f"--out {out} needs vl_convert, which is not installed: pip install 'reidbench[site]', "
            "or leave --out away for a table"
        ) from error
    names = short_names([trial.name for trial in trials])
    figure = training_curves(
        {
            name: [(phase.title, phase.points) for phase in trial.phases]
            for name, trial in zip(names, trials, strict=True)
        }
    )
    write_atomically(out, figure.png() if out.suffix.lower() == ".png" else figure.svg)
