"""``reidbench plan``: what a run would do, what is done, what is left."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Container, Sequence
from typing import Any

import click
from tabulate import tabulate

from reidbench.cli.options import shared
from reidbench.plan import Node, Plan, PruneNode, Trial, data_read, missing_text
from reidbench.run.forecast import Forecast, forecast
from reidbench.run.forecast_text import forecast_text
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import plan_suite
from reidbench.store import Store
from reidbench.text import counted, duration

_PHASE_WORDS = {
    "load": "load weights",
    "train": "train",
    "prune": "prune and retrain",
    "evaluate": "measure",
}


@click.command("plan")
@shared("suite", "out", "store", "data", "only", "protocol", "disabled")
def command(**given: Any) -> None:
    """Print the trials of SUITE and their phases, without running anything.

    SUITE is a file, or the name of a suite that comes with reidbench: reidbench plan quickstart
    """
    options = RunOptions(**given, progress=sys.stderr)
    planned = plan_suite(options)
    plan, status, store = planned.plan, planned.folder.status, Store(options.store_folder)
    # Asked once: trials share nodes, and a store may be far away.
    done = {key for key in plan.nodes if store.has(key)}
    rows = [(str(trial.id), _phases(trial, done), status(trial)) for trial in plan.trials]
    rows += [(str(point.id), f"- {point.why}", "not applicable") for point in plan.left_out]
    headers = ("trial", "phases (* done)", "result")
    click.echo(tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True))
    nodes = [node for key, node in plan.nodes.items() if key not in done]
    statuses = [row[2] for row in rows[: len(plan.trials)]]
    click.echo("\n" + _summary(plan, nodes, store, statuses))
    left = [trial for trial, its in zip(plan.trials, statuses, strict=True) if its != "done"]
    if missing := missing_text(plan, data_read(left)):
        click.echo("\n" + missing)


def _phases(trial: Trial, done: Container[str]) -> str:
    return " > ".join(trial.word(node) + ("*" if node.key in done else "") for node in trial.nodes)


def _saved(plan: Plan, expected: Forecast) -> str:
    """Return what sharing saves: phases, rankings, and time where it is known."""
    every = [node for trial in plan.trials for node in trial.nodes]
    prunes = {node.key: node for node in every if isinstance(node, PruneNode)}
    rankings = [node.ranking_key for node in prunes.values() if node.ranking_key]
    words = f"{len(every)} phases and measurements, {len(plan.nodes)} after sharing"
    if len(set(rankings)) < len(rankings):
        words += (
            f"; {len(rankings)} one-shot rankings, {len(set(rankings))} where they may be shared"
        )
    whole, shared = (expected.total(nodes)[0] for nodes in (every, plan.nodes.values()))
    return f"{words}; {duration(whole - shared)} saved" if whole - shared >= 1 else words


def _summary(plan: Plan, nodes: list[Node], store: Store, statuses: Sequence[str]) -> str:
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
