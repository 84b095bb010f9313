"""Runs published trials again: planned anew from their suite, in a store of their own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reidbench.config.shipped import find_suite, shipped_suites
from reidbench.errors import ReidbenchError
from reidbench.leaderboard.agreement import Agreement, agreement
from reidbench.plan import Plan, Trial
from reidbench.results import Result, TrialId, read_results, same_label
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import PlannedSuite, plan_suite
from reidbench.run.run_folder import PROTOCOL_COPY, SUITE_COPY
from reidbench.run.suite_run import run_planned


@dataclass(frozen=True)
class Published:
    """A result to reproduce, those published with it, and the folder of them."""

    result: Result
    table: tuple[Result, ...]
    folder: Path


def find_published(path: Path) -> Published:
    """Return the published result that ``FOLDER/KEY`` or ``FOLDER/KEY.json`` names.

    Raises:
        ReidbenchError: no such folder, or no result with a key that begins so.

    """
    name = path.name.removesuffix(".json")
    table = tuple(read_results(path.parent))
    found = [result for result in table if name and result.key.startswith(name)]
    if len(found) != 1:
        raise ReidbenchError(
            f"{path}: {len(found) or 'no'} results of {path.parent} have a key that begins with "
            f"'{name}'; name one by its key, as in {path.parent / table[0].key}"
        )
    return Published(found[0], table, path.parent)


def draw_published(folder: Path, count: int, seed: int) -> list[Published]:
    """Return ``count`` published results of a folder, drawn at random: the same for one seed.

    Raises:
        ReidbenchError: fewer results than that were scored.

    """
    table = tuple(read_results(folder))
    done = [result for result in table if result.status == "done"]
    if count > len(done):
        raise ReidbenchError(f"--draw {count}: {folder} holds {len(done)} trials that are done")
    drawn = random.Random(seed).sample(sorted(done, key=lambda result: result.key), count)
    return [Published(result, table, folder) for result in drawn]


def planned_again(published: Published, options: RunOptions) -> PlannedSuite:
    """Plan a published trial from its suite, alone.

    The suite is the one that ``options`` names, or the copy beside the results, or the shipped one
    of that name. Threads are those of the published run where the options do not say.

    Raises:
        ReidbenchError: the suite is not known, or has no such trial.

    """
    result = published.result
    if result.status != "done":
        raise ReidbenchError(f"{result.trial}: its published status is '{result.status}'")
    threads = options.threads or result.provenance.get("hardware", {}).get("threads")
    planned = plan_suite(
        replace(
            options,
            suite=_suite_of(published, options),
            protocol=_protocol_of(published),
            threads=threads,
        )
    )
    trial = _trial_of(planned.whole, result)
    return replace(planned, plan=replace(planned.whole, trials=(trial,), left_out=()))


def reproduce(published: Published, options: RunOptions) -> Agreement:
    """Run a published trial again, in ``options.out`` and ``options.store``, and compare.

    What an interrupted call finished there is not run again.

    Raises:
        ReidbenchError: as `planned_again` and a run do.

    """
    outcome = run_planned(planned_again(published, options))
    return agreement(published.result, outcome.results[0], published.table)


def _suite_of(published: Published, options: RunOptions) -> Path:
    if options.suite:
        return find_suite(options.suite)
    if kept := _beside(published, SUITE_COPY):
        return kept
    name = published.result.suite
    if name not in shipped_suites():
        raise ReidbenchError(
            f"{published.folder}: no {SUITE_COPY} beside the results, and no suite '{name}' comes "
            "with reidbench; name the suite's file with --suite"
        )
    return find_suite(name)


def _protocol_of(published: Published) -> str | None:
    """Return the rules of a result: a copy beside it, or a published protocol's name."""
    copy = _beside(published, PROTOCOL_COPY)
    return str(copy) if copy else published.result.protocol.get("name")


def _beside(published: Published, name: str) -> Path | None:
    folders = (published.folder, published.folder.parent)
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _trial_of(plan: Plan, result: Result) -> Trial:
    """Return the trial of a plan that a result is of, whatever its key is today."""
    found: Sequence[Trial] = [trial for trial in plan.trials if _same(trial.id, result.trial)]
    if not found:
        raise ReidbenchError(
            f"{result.trial}: the suite '{plan.suite.name}' has no such trial; name the suite it "
            "was run from with --suite"
        )
    return found[0]


def _same(one: TrialId, other: TrialId) -> bool:
    """Return whether two trials are the same; other versions wrote some labels otherwise."""
    pairs = [(value, getattr(other, field)) for field, value in one]
    return all(
        mine == its or (isinstance(mine, str) and isinstance(its, str) and same_label(mine, its))
        for mine, its in pairs
    )
