"""``reidbench run``: from a suite to its leaderboard."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from click.core import ParameterSource

from reidbench.cli.options import shared
from reidbench.cli.publish import publish
from reidbench.cli.timings_text import timings_text
from reidbench.errors import ReidbenchError
from reidbench.run.options import EXECUTORS, RunOptions
from reidbench.run.suite_run import SuiteOutcome, run_trials
from reidbench.text import counted


@click.command("run")
@shared(
    *("suite", "out", "store", "data", "only", "protocol", "device", "threads", "disabled"),
    "step_timeout",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    envvar="REIDBENCH_WORKERS",
    show_envvar=True,
    help="Worker processes; several share the cores and deal out the GPUs. Under Ray: phases at a "
    "time at most.  [default: 1; under Ray as many as have room]",
)
@click.option("--in-process", is_flag=True, help="As --executor serial: to debug.")
@click.option(
    "--executor",
    type=click.Choice(EXECUTORS),
    help="Where phases run: in this process, in worker processes (--workers), or as tasks of a Ray "
    "cluster.  [default: local]",
)
@click.option(
    "--address",
    help="The Ray cluster: auto (the one of this machine, or of RAY_ADDRESS), HOST:PORT, or local, "
    "which starts one for this run.  [default: auto]",
)
@click.pass_context
def command(context: click.Context, /, in_process: bool, **given: Any) -> int:
    """Run every trial of SUITE that has no result yet, and print the leaderboard.

    SUITE is a file, or the name of a suite that comes with reidbench: reidbench run quickstart

    A finished suite is not computed again; an interrupted run goes on after its last finished
    phase. Exit status: 0 all trials done, 1 some failed, 2 wrong input, 130 interrupted.
    """
    asked = context.get_parameter_source("workers") is ParameterSource.COMMANDLINE
    given |= _where(in_process, given["executor"], given["workers"], asked=asked)
    with interruptible():
        outcome = run_trials(RunOptions(**given, progress=sys.stderr))
    publish(outcome.leaderboard, outcome.folder)
    if outcome.timings is not None:
        click.echo("\n" + timings_text(outcome.timings), err=True)
    say_unfinished(outcome)
    return outcome.exit_status


def _where(
    in_process: bool, executor: str | None, workers: int | None, *, asked: bool
) -> dict[str, Any]:
    """Return the executor and the workers that the options come to.

    ``asked``: whether the command line says how many workers, and not the environment.

    Raises:
        ReidbenchError: two of them contradict one another.

    """
    if in_process and executor not in (None, "serial"):
        raise ReidbenchError(f"--in-process and --executor {executor}: leave out one of them")
    if in_process or executor == "serial":
        if asked and workers:
            raise ReidbenchError(
                f"--workers {workers}: a run in this process has none; leave out one of the options"
            )
        # REIDBENCH_WORKERS, too, is of runs that have workers.
        return {"executor": "serial", "workers": 0}
    return {"executor": executor, "workers": (executor != "ray") if workers is None else workers}


def say_unfinished(outcome: SuiteOutcome) -> None:
    """Say how many trials did not finish, and where to read why."""
    if outcome.unfinished:
        trials = counted(len(outcome.results), "trial")
        click.echo(
            f"{len(outcome.unfinished)} of {trials} did not finish; tracebacks in "
            f"{outcome.folder / 'run.log'}; the same command tries them again",
            err=True,
        )


@contextmanager
def interruptible() -> Iterator[None]:
    """Say, when the block is interrupted, that nothing finished is lost."""
    # A plain kill ends as Ctrl-C does, so that half-written artefacts are cleared away.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        click.echo(
            "reidbench: interrupted; finished phases are kept, run the same command to go on",
            err=True,
        )
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, before)
