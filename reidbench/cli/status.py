"""``reidbench status``: what a run has done, does now and has left."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from time import sleep

import click

from reidbench.run.status import SILENT, RunStatus, Working, newest_run, run_status
from reidbench.text import duration

REFRESH = 5.0
"""Seconds between two looks of ``--watch``."""


@click.command("status")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.option("--watch", is_flag=True, help=f"Print it again every {REFRESH:g} s, until it ends.")
def command(folder: Path | None, as_json: bool, watch: bool) -> int:
    """Print where the run in DIR stands: what is done, running, failed and left.

    DIR is the folder of a run, as after --out; without it, that below runs/ which was at work last.
    It is read from the folder's event log, so any terminal or machine that sees the folder will do,
    while the run goes on and after it.
    """
    while True:
        chosen = folder or newest_run()
        status = run_status(chosen)
        if as_json:
            click.echo(json.dumps({"folder": str(chosen), **asdict(status)}))
        else:
            if watch:
                click.clear()
            click.echo(_text(chosen, status))
        if not watch or status.state != "running":
            return 0
        sleep(REFRESH)


def _text(folder: Path, status: RunStatus) -> str:
    lines = [
        f"suite '{status.suite}' in {folder}: {status.state}",
        f"trials  {status.trials_done} of {status.trials} done, {status.trials_failed} failed",
        f"phases  {status.phases_done} of {status.phases} done, {status.phases_running} running, "
        f"{status.phases_failed} failed, {status.phases_waiting} waiting",
    ]
    if status.rate is not None:
        left = "?" if status.left is None else duration(status.left)
        lines.append(f"rate    {status.rate:.3g} phases/h; about {left} left")
    if status.working:
        lines += ["", *map(_doing, status.working)]
    if status.failures:
        lines += ["", "last failures:", *(f"  {failure}" for failure in status.failures)]
    return "\n".join(lines)


def _doing(one: Working) -> str:
    silent = f"; silent for {duration(one.heard)}" if one.heard > SILENT else ""
    step = f"  {one.step}" if one.step else ""
    who = f"{one.host} {one.pid} worker {one.worker}"
    return f"{who}, for {duration(one.since)}: {one.label}{step}{silent}"
