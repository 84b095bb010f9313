"""``reidbench work``: one of any number of workers on a suite, started by any scheduler."""

from __future__ import annotations

import sys
from typing import Any

import click

from reidbench.cli.options import shared
from reidbench.cli.run import interruptible, say_unfinished
from reidbench.run.options import RunOptions
from reidbench.run.publish import write_pages
from reidbench.run.suite_run import run_trials
from reidbench.text import counted


@click.command("work")
@shared(
    *("suite", "out", "store", "data", "only", "protocol", "device", "threads", "disabled"),
    "step_timeout",
)
def command(**given: Any) -> int:
    """Work on SUITE beside any number of others, until every trial has a result.

    Start it as often as there are machines or GPUs, with folders that all of them see: a job array,
    xargs, or by hand. There is no driver. Each worker takes phases that no other has claimed; one
    that is killed loses the phase it was at, and the others go on. The same command joins again.

    \b
    Examples:
      reidbench work suite.yaml --threads 4                          one more worker
      seq 4 | xargs -P4 -I{} reidbench work suite.yaml --threads 2   four on this machine
    Exit status: 0 all trials done, 1 some failed, 2 wrong input, 130 interrupted.
    """  # noqa: D301 - click wants the character, not the two letters
    with interruptible():
        outcome = run_trials(RunOptions(**given, workers=1, progress=sys.stderr))
    pages = write_pages(outcome.leaderboard, outcome.folder)
    click.echo(f"{counted(len(outcome.results), 'trial')}; written: {', '.join(map(str, pages))}")
    say_unfinished(outcome)
    return outcome.exit_status
