"""``reidbench plan``: what a run would do, what is done, what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from pathlib import Path

import click
from tabulate import tabulate

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
from reidbench.cli.timings_text import forecast_text
from reidbench.plan import Node, Plan, PruneNode, Trial, data_read, make_plan, missing_text
from reidbench.results import ResultError, read_result
from reidbench.run.forecast import Forecast, forecast
from reidbench.store import Store
from reidbench.text import counted, duration

_PHASE_WORDS = {
    "load": "load weights",
    "train": "train",
    "prune": "prune and retrain",
    "evaluate": "measure",
}


@click.command("plan")
@suite_argument
@out_option
@store_option
@data_option
@only_option
@protocol_option
@disable_option
def command(
    suite: Path,
    out: Path | None,
    store: Path,
    data_root: Path,
    only: tuple[str, ...],
    protocol: str | None,
    disabled: tuple[str, ...],
) -> None:
    """Print the trials of SUITE and their phases, without running anything."""
    plan = make_plan(asked_suite(suite, protocol), installed(disabled), data_root, only)
    results = results_folder(out, plan.suite.name)
    artefacts = Store(store)
    # Asked once: trials share nodes, and a store may be far away.
    done = {key for key in plan.nodes if artefacts.has(key)}
    rows = [(str(trial.id), _phases(trial, done), _status(trial, results)) for trial in plan.trials]
    rows += [(str(point.id), f"- {point.why}", "not applicable") for point in plan.left_out]
    headers = ("trial", "phases (* done)", "result")
    click.echo(tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True))
    nodes = [node for key, node in plan.nodes.items() if key not in done]
    statuses = [row[2] for row in rows[: len(plan.trials)]]
    click.echo("\n" + _summary(plan, nodes, artefacts, statuses))
    left = [trial for trial, status in zip(plan.trials, statuses, strict=True) if status != "done"]
    if missing := missing_text(plan, data_read(left)):
        click.echo("\n" + missing)


def _phases(trial: Trial, done: Container[str]) -> str:
    return " > ".join(trial.word(node) + ("*" if node.key in done else "") for node in trial.nodes)


def _status(trial: Trial, results: Path) -> str:
    path = results / f"{trial.key}.json"
    if not path.is_file():
        return "to do"
    try:
        return read_result(path).status
    except ResultError:
        return "unreadable"


def _saved(plan: Plan, expected: Forecast) -> str:
    """Return what sharing saves: phases, rankings, and time where it can be told."""
    laid = [node for trial in plan.trials for node in trial.nodes]
    prunes = {node.key: node for node in laid if isinstance(node, PruneNode)}
    rankings = [node.ranking_key for node in prunes.values() if node.ranking_key]
    words = f"{len(laid)} phases and measurements, {len(plan.nodes)} after sharing"
    if len(set(rankings)) < len(rankings):
        words += (
            f"; {len(rankings)} one-shot rankings, {len(set(rankings))} where they may be shared"
        )
    whole, shared = (expected.total(nodes)[0] for nodes in (laid, plan.nodes.values()))
    return f"{words}; {duration(whole - shared)} saved" if whole - shared >= 1 else words


def _summary(plan: Plan, nodes: list[Node], store: Store, statuses: list[str]) -> str:
    expected = forecast(plan, store)
    left = Counter(_PHASE_WORDS[node.kind] for node in nodes)
    todo = ", ".join(f"{count} {kind}" for kind, count in sorted(left.items())) or "nothing"
    time = forecast_text(expected, nodes, store.root)
    beside = f" ({len(plan.left_out)} more not applicable)" if plan.left_out else ""
    done = statuses.count("done")
    return (
        f"{counted(len(plan.trials), 'trial')}{beside} under {plan.protocol.name}: {done} done, "
        f"{len(statuses) - done} left\n"
        f"{_saved(plan, expected)}\n"
        f"left to run: {todo}" + (f"\n{time}" if time else "")
    )
