"""Runs a suite from Python: ``run_suite`` does what ``reidbench run`` does, and returns it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from time import perf_counter
from typing import ParamSpec

from reidbench.leaderboard import Leaderboard, build, latency_beside, with_latency_beside
from reidbench.plan import Plan, Trial
from reidbench.results import Result, write_result
from reidbench.run.assemble import finished_result, is_finished, left_out_result
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import PlannedSuite, plan_suite
from reidbench.run.publish import write_pages
from reidbench.run.timings import RunTimings
from reidbench.store import Store
from reidbench.text import counted

P = ParamSpec("P")
_NO_TORCH = ("auto", "cpu")
"""Devices that are known to be there without asking torch."""


@dataclass(frozen=True)
class SuiteOutcome:
    """What a run of a suite came to.

    Attributes:
        results: of every trial that the options select, in the order of the plan.
        leaderboard: of these, and of the suite's other trials that have results.
        folder: where results, log, timings and pages are.
        timings: of the phases that this run made; None if every trial was finished before.

    """

    results: tuple[Result, ...]
    leaderboard: Leaderboard
    folder: Path
    timings: RunTimings | None

    @property
    def unfinished(self) -> tuple[Result, ...]:
        """The results of trials that failed or diverged; the next run tries them again."""
        return tuple(r for r in self.results if r.status not in ("done", "not applicable"))

    @property
    def exit_status(self) -> int:
        """The exit status of ``reidbench run``: 0 all trials done, 1 some failed."""
        return 1 if self.unfinished else 0


def run_trials(options: RunOptions) -> SuiteOutcome:
    """Run every trial that has no result yet; build the leaderboard, and write no page.

    Raises:
        ReidbenchError: wrong input, a plan that cannot be carried out, timings beside the results
            that cannot be read, or a full disk.

    """
    return run_planned(plan_suite(options))


def run_planned(planned: PlannedSuite) -> SuiteOutcome:
    """Run every trial of a planned part that has no result yet, as `run_trials` does."""
    started = perf_counter()
    plan, folder = planned.plan, planned.folder
    _refuse_device(planned.options)
    # The pages at the end show it: a broken file is better told now.
    latency_beside(folder.root)
    left = _assemble(planned, [trial for trial in plan.trials if not folder.is_done(trial)])
    timings = _executed(planned, left, started)
    folder.keep_suite(planned.suite.path, plan.protocol)
    folder.set_superseded_aside(plan)
    for point in plan.left_out:
        write_result(folder.results, left_out_result(plan, point))
    results = folder.outcome(plan)
    others = folder.outside(plan, planned.whole)
    board = build(results + others, plan.suite.claims, planned.whole.suite.seeds)
    board = with_latency_beside(board, folder.root)
    return SuiteOutcome(tuple(results), board, folder.root, timings)


def _with_parameters_of(
    options: Callable[P, RunOptions],
) -> Callable[[Callable[[RunOptions], SuiteOutcome]], Callable[P, SuiteOutcome]]:
    """Let a function of options be called with what the options are made from."""

    def decorated(function: Callable[[RunOptions], SuiteOutcome]) -> Callable[P, SuiteOutcome]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> SuiteOutcome:
            return function(options(*args, **kwargs))

        signature = inspect.signature(options)
        call.__signature__ = signature.replace(return_annotation="SuiteOutcome")  # type: ignore[attr-defined]
        return call

    return decorated


@_with_parameters_of(RunOptions)
def run_suite(options: RunOptions) -> SuiteOutcome:
    """Run a suite to its leaderboard, as ``reidbench run`` does, and write its pages.

    ``run_suite("quickstart", only=["l1", "dense"])`` takes the fields of ``RunOptions``: the suite,
    a path or the name of a shipped one, then ``out``, ``store``, ``data``, ``only``, ``protocol``,
    ``device``, ``threads``, ``disabled``, ``workers``, ``executor``, ``address``, ``step_timeout``
    and ``progress`` by keyword. Finished trials are not run again. Trials that fail do not raise:
    they are ``unfinished`` in what is returned.

    While phases run, torch's number of threads and its precision of products are set for the whole
    process, and log records of ``reidbench`` go to the file ``run.log`` alone.

    Raises:
        ReidbenchError: of these kinds, with one sentence for people.
        DocumentError, ProtocolError, SelectionError, UnknownComponent: wrong input.
        MissingData, PreflightError: data that are not there, a reduction out of reach.
        StoreError, PublicationError, NoRoom: a store or page that cannot be written, a full disk.

    """
    outcome = run_trials(options)
    write_pages(outcome.leaderboard, outcome.folder)
    return outcome


def _refuse_device(options: RunOptions) -> None:
    """Refuse a device that is not there, whether or not anything is left to run on it."""
    # A Ray cluster has devices of its own.
    if options.device not in _NO_TORCH and options.backend != "ray":
        from reidbench.engine.device import choose_device

        choose_device(options.device)


def _assemble(planned: PlannedSuite, trials: list[Trial]) -> tuple[Trial, ...]:
    """Write the results of trials that another suite or run left whole in the store.

    Returns the others.
    """
    store, left = Store(planned.options.store_folder), []
    for trial in trials:
        if is_finished(trial, store):
            result = finished_result(planned.plan, trial, store)
            write_result(planned.folder.results, result)
            planned.registry.trial_finished(result)
        else:
            left.append(trial)
    return tuple(left)


def _executed(
    planned: PlannedSuite, trials: tuple[Trial, ...], started: float
) -> RunTimings | None:
    plan: Plan = planned.plan
    if not trials:
        planned.options.say(
            f"{counted(len(plan.trials), 'trial')} of '{plan.suite.name}': all done"
        )
        return None
    # Here, so that finished suites never wait for the import of what runs phases.
    from reidbench.run.execute import execute

    return execute(planned, trials, started)
