"""``reidbench run``: from a suite to its leaderboard."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from reidbench.cli.options import (
    asked_suite,
    data_option,
    disable_option,
    installed,
    only_option,
    out_option,
    protocol_option,
    results_folder,
    store_option,
    suite_argument,
)
from reidbench.cli.publish import SUITE_COPY, publish
from reidbench.cli.timings_text import costs_text, forecast_text
from reidbench.files import room_for, write_atomically
from reidbench.plan import Plan, Trial, make_plan
from reidbench.plugins import Registry
from reidbench.results import Result, ResultError, TrialId, read_result, write_result
from reidbench.run.assemble import finished_result, is_finished, left_out_result
from reidbench.run.forecast import forecast
from reidbench.run.progress import Reporter
from reidbench.store import Store, StoreError
from reidbench.text import counted

if TYPE_CHECKING:
    from reidbench.run.timings import Account


@click.command("run")
@suite_argument
@out_option
@store_option
@data_option
@only_option
@protocol_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads.  [default: all cores]")
@disable_option
def command(
    suite: Path,
    out: Path | None,
    store: Path,
    data_root: Path,
    only: tuple[str, ...],
    protocol: str | None,
    device: str,
    threads: int | None,
    disabled: tuple[str, ...],
) -> int:
    """Run every trial of SUITE that has no result yet, and print the leaderboard.

    A finished suite is not computed again; an interrupted run goes on after its last finished
    phase. Exit status: 0 all trials done, 1 some failed, 2 wrong input, 130 interrupted.
    """
    started = perf_counter()
    registry = installed(disabled)
    asked = asked_suite(suite, protocol)
    plan = make_plan(asked, registry, data_root, only)
    results = results_folder(out, plan.suite.name)
    left = [trial for trial in plan.trials if not _is_done(results, trial)]
    left = _not_assembled(plan, left, registry, results, Store(store))
    account = None
    if left:
        with _interruptible():
            account = _run(
                plan, tuple(left), registry, results, store, device, threads, suite, started
            )
    else:
        click.echo(
            f"{counted(len(plan.trials), 'trial')} of '{plan.suite.name}': all done", err=True
        )
    _keep_suite(suite, results.parent / SUITE_COPY)
    _set_superseded_aside(plan, results)
    for left_out in plan.left_out:
        write_result(results, left_out_result(plan, left_out))
    outcome = [read_result(results / f"{row.key}.json") for row in plan.rows]
    whole = make_plan(asked, registry, data_root) if only else plan
    publish(outcome + _beside(whole, outcome, results), results.parent, suite=whole.suite)
    if account is not None:
        click.echo("\n" + costs_text(account), err=True)
    return _exit_status(outcome, results.parent)


def _beside(whole: Plan, outcome: list[Result], results: Path) -> list[Result]:
    """Return the results of the suite's other parts that are there: a part does not hide them."""
    shown = {result.key for result in outcome}
    paths = [results / f"{row.key}.json" for row in whole.rows if row.key not in shown]
    return [read_result(path) for path in paths if path.is_file()]


def _keep_suite(suite: Path, copy: Path) -> None:
    """Leave the suite beside its results, untouched if it is there already."""
    text = suite.read_text(encoding="utf-8")
    if not copy.is_file() or copy.read_text(encoding="utf-8") != text:
        write_atomically(copy, text)


def _set_superseded_aside(plan: Plan, results: Path) -> None:
    """Move results of the plan's trials under other keys, of older versions, out of the way."""
    keys, trials = {row.key for row in plan.rows}, {row.id for row in plan.rows}
    for path in sorted(results.glob("*.json")):
        if path.stem in keys or _trial_of(path) not in trials:
            continue
        aside = results / "superseded" / path.name
        aside.parent.mkdir(exist_ok=True)
        path.replace(aside)
        click.echo(f"{path.name} is of other versions or data; moved to {aside}", err=True)


def _trial_of(path: Path) -> TrialId | None:
    try:
        return read_result(path).trial
    except ResultError:
        return None


def _is_done(results: Path, trial: Trial) -> bool:
    """Return whether the trial's result is there; failures, and damaged files, are made again."""
    path = results / f"{trial.key}.json"
    if not path.is_file():
        return False
    try:
        result = read_result(path)
    except ResultError as error:
        click.echo(f"{error}", err=True)
        return False
    # The key knows nothing of names: a scenario that was renamed since needs its row anew.
    return result.status == "done" and result.trial == trial.id


def _not_assembled(
    plan: Plan, trials: list[Trial], registry: Registry, results: Path, store: Store
) -> list[Trial]:
    """Write the results of trials that another suite or run left whole in the store; no torch."""
    left = []
    for trial in trials:
        if is_finished(trial, store):
            result = finished_result(plan, trial, store)
            write_result(results, result)
            registry.trial_finished(result)
        else:
            left.append(trial)
    return left


@contextmanager
def _interruptible() -> Iterator[None]:
    """Say, when the block is interrupted, that nothing finished is lost."""
    # A polite kill ends as Ctrl-C does, so that half-written artefacts are cleared away.
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


def _run(
    plan: Plan,
    trials: tuple[Trial, ...],
    registry: Registry,
    results: Path,
    store: Path,
    device: str,
    threads: int | None,
    suite: Path,
    started: float,
) -> Account:
    # The running half comes in here, so that wrong input and finished suites never wait for torch.
    from reidbench.run.device import prepare_device
    from reidbench.run.preflight import preflight
    from reidbench.run.serial import SerialExecutor
    from reidbench.run.timings import Ledger
    from reidbench.store.provenance import collect

    chosen = prepare_device(device, threads)
    preflight(plan, trials)
    _refuse_unwritable(store)
    # Not before: what a missing data set makes look superseded is not.
    _set_superseded_aside(plan, results)
    results.mkdir(parents=True, exist_ok=True)
    _keep_suite(suite, results.parent / SUITE_COPY)
    _log_to(results.parent / "run.log")
    kept = Store(store, collect() | {"device": str(chosen)})
    nodes = {node.key: node for trial in trials for node in trial.nodes}
    nodes = {key: node for key, node in nodes.items() if not kept.has(key)}
    expected = forecast(plan, kept)
    reporter = Reporter(sys.stderr, sum(expected.weight(node) for node in nodes.values()))
    reporter.say(
        f"suite '{plan.suite.name}': {len(trials)} of {counted(len(plan.trials), 'trial')} to run "
        f"under {plan.protocol.name} on {chosen}; results in {results}"
    )
    if said := forecast_text(expected, nodes.values(), store):
        reporter.say(said)
    ledger = Ledger(started)
    executor = SerialExecutor(kept, registry, results, reporter, chosen, expected, ledger)
    executor.run(plan, trials)
    account = ledger.close()
    account.write(results.parent / "costs.json")
    return account


def _refuse_unwritable(store: Path) -> None:
    """Refuse a store that cannot be written, which every single trial would fail by."""
    try:
        with room_for(store):
            store.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=store) as probe:
                probe.write(b"0")
    except OSError as error:
        raise StoreError(
            f"store {store} cannot be written ({error.strerror}); name another folder with --store"
        ) from error


def _log_to(path: Path) -> None:
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("reidbench")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False


def _exit_status(results: list[Result], folder: Path) -> int:
    failed = [result for result in results if result.status not in ("done", "not applicable")]
    if failed:
        click.echo(
            f"{len(failed)} of {counted(len(results), 'trial')} did not finish; tracebacks in "
            f"{folder / 'run.log'}; the same command tries them again",
            err=True,
        )
    return 1 if failed else 0
