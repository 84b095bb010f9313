"""``reidbench profile``: how long pruned networks take beside their dense ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reidbench.cli.called_trial import trial_called
from reidbench.cli.options import shared
from reidbench.config.shipped import find_suite, shipped_suites
from reidbench.config.suite import load_suite
from reidbench.results import Result, read_results
from reidbench.run.places import RUNS
from reidbench.run.run_folder import RunFolder


@click.command("profile")
@click.argument("trials", nargs=-1, required=True, metavar="TRIAL...|SUITE")
@click.option(
    "--engine",
    "engines",
    multiple=True,
    default=("eager",),
    show_default=True,
    metavar="NAME",
    help="eager, compile, onnxruntime or openvino; may be repeated.",
)
@click.option(
    "--batch",
    "batches",
    multiple=True,
    type=click.IntRange(min=1),
    default=(1, 8),
    show_default=True,
    help="Images at a time; may be repeated.",
)
@click.option("--runs", type=click.IntRange(min=5), default=20, show_default=True, help="Of each.")
@click.option("--network", metavar="MODULE:FACTORY", help="The dense network, for pruned folders.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="latency.json",
    show_default=True,
    help="The file to write. In the folder of a run, as latency.json, it adds columns to what "
    "'reidbench leaderboard' prints and writes.",
)
@shared("device", "threads", "store", "disabled")
def command(trials: tuple[str, ...], out: Path, **asked: Any) -> None:
    """Time networks side by side on this machine: dense and pruned take turns.

    TRIAL is a result file of a run, the key of a phase or its beginning, what a trial of a run is
    called (l1/0.5/seed=0; see 'reidbench curves'), or a folder that 'reidbench prune' wrote; SUITE,
    a suite that was run, stands for one seed of each of its rows. Speed-ups are over the dense
    network of the same backbone, by the least time and by the median; '-' where the quartiles lie
    more than 10 % apart: the machine was too busy to tell.

    onnxruntime and openvino run on the CPU: on a machine with a GPU give them --device cpu.
    """
    expanded = _expanded(trials, asked["store"])
    from reidbench.engine.deployment.profiling import profile, text, write

    report = profile(expanded, on_step=_progress, **asked)
    write(report, out)
    click.echo(text(report))
    click.echo(f"\nwritten: {out}", err=True)


def _expanded(trials: tuple[str, ...], store: Path) -> list[str]:
    """Return the trials, with the result files of its rows in the place of each suite."""
    found = []
    for trial in trials:
        if Path(trial).suffix != ".yaml" and trial not in shipped_suites():
            found.append(trial_called(trial, store))
            continue
        suite = load_suite(find_suite(trial)).content
        folder = RunFolder(RUNS / suite.name, lambda line: click.echo(line, err=True))
        found += [str(folder.path(result.key)) for result in _one_seed(folder)]
    return found


def _one_seed(folder: RunFolder) -> list[Result]:
    """Return one result of each row that prunes: of its lowest seed that is done."""
    rows: dict[str, Result] = {}
    results = read_results(folder.results)
    for result in sorted(results, key=lambda result: result.trial.seed):
        if result.status == "done" and result.trial.reduction:
            rows.setdefault(str(result.trial.model_copy(update={"seed": 0})), result)
    return list(rows.values())


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done}/{total} rounds", nl=done == total, err=True)
